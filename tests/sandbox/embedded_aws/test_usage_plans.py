"""API keys and usage plans let through, count and refuse as those of API Gateway do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests import plain_http
from tests.sandbox.lab import Lab, code_of, ref, unique
from tests.sandbox.mock_api import mock_api
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

REGION = "eu-west-1"


@dataclass(frozen=True)
class Api:
    """An API that asks for a key, and API Gateway's client."""

    id: str
    url: str
    gateway: Any

    def plan(self, *, quota: int = 100, rate: float = 100.0, burst: int = 100) -> str:
        made = self.gateway.create_usage_plan(
            name=unique("plan"),
            apiStages=[{"apiId": self.id, "stage": "live"}],
            throttle={"rateLimit": rate, "burstLimit": burst},
            quota={"limit": quota, "period": "DAY"},
        )
        return str(made["id"])

    def key(self, plan_id: str = "") -> tuple[str, str]:
        """Its id and its value; in the plan, if one is named."""
        made = self.gateway.create_api_key(name=unique("key"), enabled=True)
        if plan_id:
            self.gateway.create_usage_plan_key(
                usagePlanId=plan_id, keyId=made["id"], keyType="API_KEY"
            )
        return made["id"], made["value"]

    def called(self, key: str) -> httpx.Response:
        return plain_http.get(self.url, headers={"x-api-key": key})


@pytest.fixture(scope="module")
def api(clients: Clients, sandbox: Sandbox) -> Iterator[Api]:
    lab = Lab(clients, REGION)
    api_id = lab.deployed(mock_api(ApiKeyRequired=True), {"Api": ref("Api")}).outputs["Api"]
    url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api_id}/live/"
    yield Api(api_id, url, clients.apigateway(REGION))
    lab.clean_up()


def test_only_a_key_in_a_plan_for_the_stage_is_let_through(api: Api) -> None:
    plan_id = api.plan()
    key_id, value = api.key(plan_id)
    assert api.called(value).json() == {"is": "open"}
    for refused in (plain_http.get(api.url), api.called("wrong"), api.called(api.key()[1])):
        assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
        assert refused.headers["x-amzn-errortype"] == "ForbiddenException"
    api.gateway.delete_api_key(apiKey=key_id)
    assert api.called(value).status_code == 403
    assert api.gateway.get_usage_plan_keys(usagePlanId=plan_id)["items"] == []


def test_a_quota_is_per_day_and_usage_is_counted(api: Api) -> None:
    plan_id = api.plan(quota=2)
    key_id, value = api.key(plan_id)
    assert [api.called(value).status_code for _ in range(3)] == [200, 200, 429]
    refused = api.called(value)
    assert refused.json() == {"message": "Limit Exceeded"}
    assert refused.headers["x-amzn-errortype"] == "LimitExceededException"
    today = datetime.now(UTC).date().isoformat()
    asked = {"usagePlanId": plan_id, "startDate": today, "endDate": today}
    assert api.gateway.get_usage(**asked)["items"] == {key_id: [[2, 0]]}
    assert api.gateway.get_usage(**asked, keyId="another")["items"] == {}
    higher = {"op": "replace", "path": "/quota/limit", "value": "5"}
    changed = api.gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[higher])
    assert changed["quota"] == {"limit": 5, "period": "DAY"}
    assert api.called(value).status_code == 200


def test_more_calls_at_once_than_the_plan_allows_are_refused(api: Api) -> None:
    _, value = api.key(api.plan(rate=0.01, burst=1))
    assert api.called(value).status_code == 200
    refused = api.called(value)
    assert (refused.status_code, refused.json()) == (429, {"message": "Too Many Requests"})
    assert refused.headers["x-amzn-errortype"] == "TooManyRequestsException"


def test_a_plan_is_deleted_only_once_it_has_no_stage(api: Api) -> None:
    plan_id = api.plan()
    with pytest.raises(ClientError, match="there are API Stages associated with it") as refused:
        api.gateway.delete_usage_plan(usagePlanId=plan_id)
    assert code_of(refused) == "BadRequestException"
    stage = {"op": "remove", "path": "/apiStages", "value": f"{api.id}:live"}
    left = api.gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[stage])
    assert left["apiStages"] == []
    with pytest.raises(ClientError, match="Invalid API Stage specified"):
        api.gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[stage])
    again = [stage | {"op": "add"}]
    changed = api.gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=again)
    assert changed["apiStages"] == [{"apiId": api.id, "stage": "live"}]
    api.gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[stage])
    api.gateway.delete_usage_plan(usagePlanId=plan_id)


def test_what_api_gateway_refuses_is_refused(api: Api) -> None:
    gateway, (key_id, value), plan_id = api.gateway, api.key(), api.plan()
    refusals: dict[str, Callable[[], object]] = {
        "ConflictException": lambda: gateway.create_api_key(name="twice", value=value),
        "BadRequestException": lambda: gateway.create_usage_plan(
            name="p", apiStages=[{"apiId": api.id, "stage": "none"}]
        ),
        "NotFoundException": lambda: gateway.create_usage_plan_key(
            usagePlanId=plan_id, keyId="none", keyType="API_KEY"
        ),
    }
    for code, ask in refusals.items():
        with pytest.raises(ClientError) as refused:
            ask()
        assert code_of(refused) == code
    listed = gateway.get_api_keys(nameQuery="key-")["items"]
    assert key_id in [each["id"] for each in listed]
    assert not [each for each in listed if "value" in each], "they are shown when asked for"
