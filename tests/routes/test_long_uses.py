"""One network and one key with ten thousand functions: their pages and answers name the first, and
cost what they cost with a hundred."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlmodel import Session

from tests.costs import counted
from tests.fast import thorough
from tests.postgresql import sqlite_alone
from tests.services.many import add_many
from tests.services.rows import a_network, add, an_event
from webapp.models import Status

FEW, MANY = 100, 5_000
NETWORK, KEY = "network-00001", "key-00001"
PAGES = f"/networks/{NETWORK}", f"/keys/{KEY}"
ANSWERS = (
    f"/api/v1/networks/{NETWORK}",
    f"/api/v1/keys/{KEY}",
    f"/api/v1/keys/{KEY}/match?network={NETWORK}",
    "/api/v1/networks",
    "/api/v1/keys",
    f"/api/v1/functions?network={NETWORK}",
    f"/api/v1/functions?key={KEY}",
)


@pytest.fixture
def engine(app: FastAPI) -> Engine:
    engine: Engine = app.state.parts.engine
    return engine


def share(session: Session) -> None:
    """All functions are in the first network, and use the first key."""
    session.connection().execute(text("UPDATE function SET network_id = 'n1', key_id = 'k1'"))
    session.commit()


def steps(client: Any, engine: Engine, path: str) -> tuple[int, int]:
    """Of the database, and statements."""
    with counted(engine) as cost:
        assert client.get(path).status_code == 200, path
    return cost.steps, len(cost.statements)


@thorough("hundreds of rows")
@sqlite_alone("it counts what SQLite's own machine does")
def test_what_many_functions_share_costs_the_same_as_with_few(
    signed_in: Any, engine: Engine, session: Session
) -> None:
    add_many(session, 1, FEW)
    share(session)
    signed_in.get("/")
    few = {path: steps(signed_in, engine, path) for path in (*PAGES, *ANSWERS)}
    add_many(session, FEW + 1, MANY)
    share(session)
    many = {path: steps(signed_in, engine, path) for path in few}
    dear = {
        path: (few[path], many[path])
        for path in few
        if many[path][0] > 1.2 * few[path][0] + 20 or many[path][1] > few[path][1]
    }
    assert dear == {}
    answer = signed_in.get(f"/api/v1/networks/{NETWORK}").json()
    assert (len(answer["functions"]), answer["more_functions"]) == (50, True)
    for path, filtered in zip(PAGES, (f"network={NETWORK}", f"key={KEY}"), strict=True):
        assert f'href="/functions?{filtered}"' in signed_in.get(path).text
        assert "function-00001" in signed_in.get(f"/functions?{filtered}").text
    refused = signed_in.delete(f"/api/v1/keys/{KEY}")
    assert "and more" in refused.json()["detail"]


@thorough("hundreds of rows")
def test_failed_networks_are_listed_by_the_same_number_of_statements(
    signed_in: Any, engine: Engine, session: Session
) -> None:
    """Each with what could not be deleted."""

    def fail(name: str) -> None:
        network = a_network(name, status=Status.FAILED, unwanted=True)
        add(session, network, an_event(network, "DELETE_FAILED", reason=f"why {name}"))

    fail("first")
    signed_in.get("/")
    with counted(engine) as one:
        signed_in.get("/api/v1/networks")
    for number in range(20):
        fail(f"other-{number:02}")
    with counted(engine) as many:
        listed = signed_in.get("/api/v1/networks").json()["items"]
    assert len(many.statements) == len(one.statements)
    assert [each["undeleted"][0]["reason"] for each in listed] == [
        f"why {each['name']}" for each in listed
    ]
