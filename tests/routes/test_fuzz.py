"""A short run of what `make fuzz` does for long: requests made of the API's description."""

import json
from copy import deepcopy
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.fast import thorough
from tests.openapi.described import described
from tests.openapi.fuzz import Findings, authenticated, is_unsayable, loaded, tried
from tests.routes.conftest import HOST
from tests.routes.people import bearer
from tests.services.rows import add_usable_function

EXAMPLES = 2
"""Of each operation, those that fit and those that do not."""
PHASES = ("examples", "coverage", "stateful")
"""What the short run leaves out."""
ALWAYS_THE_SAME = {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}}
"""No values from answers, and none from the source code, which a change of it would change."""
WITHOUT_AWS = ["2xx", "3xx", "4xx", "502", "503"]


class FromOthers:
    """Each request comes from another client: who presents several wrong tokens has to wait."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._clients = app, count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise ValueError("The background loop stays off.")
        number = next(self._clients)
        client = f"10.0.{number >> 8}.{number & 255}"
        await self._app({**scope, "client": (client, 0)}, receive, send)


def run(document: dict[str, Any], app: FastAPI) -> Findings:
    """On an AWS that does not answer; nothing else may fail."""
    schema = loaded(
        document,
        HOST,
        phases={phase: {"enabled": False} for phase in PHASES} | {"fuzzing": ALWAYS_THE_SAME},
        analysis={"constants": {"enabled": False}},
        generation={"max-examples": EXAMPLES, "database": "none", "no-shrink": True},
        checks={"not_a_server_error": {"expected-statuses": WITHOUT_AWS}},
    )
    schema.app = FromOthers(app)
    return tried(authenticated(schema, lambda: bearer(app)["Authorization"].split()[1]))


@thorough("1,000 requests that are made up")
def test_the_api_does_what_its_description_says(app: FastAPI, session: Session) -> None:
    add_usable_function(session)
    session.close()
    found = run(described().document, app)
    assert not found.failures, "\n".join(found.failures)
    assert len(found.operations) > 90
    assert {200, 401, 404, 409, 422} <= found.statuses.keys()


@thorough("hundreds of requests")
def test_a_failure_is_found_and_told(app: FastAPI) -> None:
    document = deepcopy(described().document)
    path = "/api/v1/templates"
    document["paths"] = {path: document["paths"][path]}
    document["components"]["schemas"]["Template"]["required"].append("colour")
    found = run(document, app)
    assert [each.split(":")[:2] for each in found.failures] == [
        [f"GET {path}", " response_schema_conformance"]
    ]
    assert '"colour" is a required property' in found.failures[0]


@pytest.mark.parametrize(
    ("status", "problem", "expected"),
    [
        (422, {"code": "invalid", "errors": {"region": "It is not offered here."}}, True),
        (422, {"code": "invalid", "errors": {"settings.limit": "At most 200."}}, True),
        (422, {"code": "bad_json", "errors": {}}, True),
        (422, {"code": "invalid", "errors": {}}, False),
        (422, {"code": "invalid", "errors": {"region": "", "nat": "Choose one."}}, False),
        (400, {"code": "malformed", "errors": {"region": ""}}, False),
    ],
)
def test_only_a_refusal_for_rules_that_no_schema_can_say_is_no_failure(
    status: int, problem: dict[str, Any], expected: bool
) -> None:
    assert is_unsayable("create_network", status, json.dumps(problem)) is expected
