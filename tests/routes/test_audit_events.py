"""The audit trail by the API: filtered, in pages, and exported as JSON Lines."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import bearer
from tests.services.rows import a_key, a_network
from webapp.scope import Origin, Scope

EVENTS = "/api/v1/audit-events"
EXPORT = f"{EVENTS}/export"


@pytest.fixture
def api(client: Any, app: FastAPI, session: Session) -> Iterator[Any]:
    """With five events; the first one is that its token was made."""
    client.headers |= bearer(app)
    for actor, action in (("ada", "create"), ("bob", "park"), ("ada", "park")):
        Scope(session, actor, origin=Origin("admin", "203.0.113.9")).record(action, a_network())
    Scope(session, "ada").record("upload", a_key())
    session.commit()
    yield client
    client.headers.pop("Authorization")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("?actor=ada", [2, 4, 5]),
        ("?actor=ada&action=park", [4]),
        ("?noun=network&name=net", [2, 3, 4]),
        ("?result=refused", []),
        ("?from=2020-01-01&to=2020-01-02", []),
        ("?from=2020-01-01T00:00:00Z", [1, 2, 3, 4, 5]),
    ],
)
def test_filters_are_in_the_url(api: Any, query: str, ids: list[int]) -> None:
    listed = [event["id"] for event in api.get(EVENTS + query).json()["items"]]
    exported = [json.loads(line)["id"] for line in api.get(EXPORT + query).text.splitlines()]
    assert listed == exported == ids


def test_a_page_leads_to_the_next_one_with_the_same_filter(api: Any) -> None:
    first = api.get(f"{EVENTS}?actor=ada&limit=2").json()
    rest = api.get(f"{EVENTS}?actor=ada&limit=2&after={first['next']}").json()
    assert [event["id"] for event in (*first["items"], *rest["items"])] == [2, 4, 5]
    assert rest["next"] is None


def test_an_event_says_who_where_and_with_what_result(api: Any) -> None:
    made = api.post("/api/v1/networks", json={"name": "Bad"})
    event = api.get(f"{EVENTS}?result=refused").json()["items"][0]
    assert (event["actor"], event["role"], event["client_address"]) == (
        "token tests",
        "admin",
        "testclient",
    )
    assert (event["code"], event["request_id"]) == (made.json()["code"], made.json()["request_id"])


def test_json_lines_can_be_asked_for_by_accept(api: Any) -> None:
    lines = api.get(EVENTS, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert lines.text == api.get(EXPORT).text
    assert len(lines.text.splitlines()) == 5


@pytest.mark.parametrize("query", ["from=yesterday", "to=1", f"name={'n' * 300}", "actor=%00"])
def test_a_filter_that_cannot_be_is_refused_or_finds_nothing(api: Any, query: str) -> None:
    answer = api.get(f"{EVENTS}?{query}")
    assert answer.status_code == 422 or answer.json()["items"] == []
