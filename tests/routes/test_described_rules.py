"""What the API's description forbids is refused: the services check what the schemas say."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.fast import thorough
from tests.openapi.described import Operation, described
from tests.routes.people import bearer
from tests.services.rows import add_function

NAMES = {"{name}": "net", "{caller}": "article"}
ODD = ("Not/a Choice!", "no\x01 line")
OF_FUNCTIONS = re.compile("/functions/{name}")


def broken_values(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that break one keyword of the schema each."""
    first = described().resolved(schema["anyOf"][0] if "anyOf" in schema else schema)
    if "enum" in first or "pattern" in first:
        yield next(text for text in ODD if not re.search(first.get("pattern", "^$"), text))
    if "minimum" in first:
        yield first["minimum"] - 1
    if "maximum" in first:
        yield first["maximum"] + 1
    if "maxItems" in first:
        yield [f"https://{number}.example" for number in range(first["maxItems"] + 1)]


def wrong_bodies() -> Iterator[tuple[Operation, str, dict[str, Any]]]:
    """The field that is wrong, and a body with it and nothing that is not needed."""
    for each in described().operations:
        content = each.about.get("requestBody", {}).get("content", {})
        for body in content.values():
            schema = described().resolved(body["schema"])
            for name, about in schema.get("properties", {}).items():
                needed = {key: body["example"][key] for key in schema.get("required", ())}
                for value in broken_values(about):
                    yield each, name, needed | {name: value}


@pytest.fixture
def program(app: FastAPI, client: Any, session: Session) -> Any:
    """With a function and its network."""
    add_function(session, outputs={"EndpointUrl": "https://a.example", "StageName": "live"})
    client.headers |= bearer(app)
    return client


@thorough("hundreds of requests")
def test_what_a_schema_forbids_is_refused(program: Any) -> None:
    wrong = [*wrong_bodies()]
    assert len(wrong) > 20
    for operation, field, body in wrong:
        path = OF_FUNCTIONS.sub("/functions/fun", operation.path)
        for part, name in NAMES.items():
            path = path.replace(part, name)
        refused = program.request(operation.method, path, json=body)
        where = f"{operation.id} {field}={body[field]!r}: {refused.status_code} {refused.text}"
        assert refused.status_code in (404, 422), where
        assert refused.status_code == 404 or refused.json()["errors"], where
