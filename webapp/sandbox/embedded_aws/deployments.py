"""What a stage of a REST API answers by: the API as it was when its deployment was made.

ministack answers by the API as it is, so that a call would meet one that is half changed.
"""

import copy
import json
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1 as gateway

COPY = "_resources"
"""In a deployment, beside what AWS has."""

Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    create, match = gateway._create_deployment, gateway._match_resource_tree
    execute, authorization_type = gateway.handle_execute, gateway.method_authorization_type
    called: ContextVar[str] = ContextVar("called", default="")

    def created(api_id: str, asked: dict[str, Any]) -> Answer:
        answer: Answer = create(api_id, asked)
        made = gateway._deployments_v1.get(api_id, {}).get(json.loads(answer[2]).get("id"))
        if made is not None:
            made[COPY] = copy.deepcopy(gateway._resources.get(api_id, {}))
        return answer

    def matched(api_id: str, segments: list[str]) -> tuple[Any, dict[str, str]]:
        stage = gateway._stages_v1.get(api_id, {}).get(called.get()) or {}
        deployed = gateway._deployments_v1.get(api_id, {}).get(stage.get("deploymentId")) or {}
        resources = deployed.get(COPY, {})
        root = next((each for each in resources.values() if each["path"] == "/"), None)
        if root is None:
            found: tuple[Any, dict[str, str]] = match(api_id, segments)
        elif segments:
            found = gateway._match_recursive(resources, root["id"], segments, {})
        else:
            found = root, {}
        return found

    async def executed(api_id: str, stage: str, *asked: Any) -> Answer:
        token = called.set(stage)
        try:
            answer: Answer = await execute(api_id, stage, *asked)
        finally:
            called.reset(token)
        return answer

    def authorization(api_id: str, stage: str, *asked: Any) -> str | None:
        token = called.set(stage)
        try:
            found: str | None = authorization_type(api_id, stage, *asked)
        finally:
            called.reset(token)
        return found

    gateway._create_deployment, gateway._match_resource_tree = created, matched
    gateway.handle_execute, gateway.method_authorization_type = executed, authorization
