"""Where a role needs a second factor, who has none can set one up, and do nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.fast import thorough
from tests.routes.all_routes import declarations
from tests.routes.people import bearer, sign_in
from webapp.models import AuditEvent, Role, User
from webapp.settings import Settings

HERE = "/account/second-factor"
STILL_OPEN = {"/confirm-identity", "/sign-out"}


@pytest.fixture
def strict(app: FastAPI) -> Iterator[FastAPI]:
    """From operators on."""
    parts = app.state.parts
    settings = parts.settings.model_copy(update={"second_factor_from": "operator"})
    app.state.parts = replace(parts, settings=settings)
    yield app


@thorough("every route is asked")
def test_every_other_route_is_refused(strict: FastAPI, client: Any) -> None:
    sign_in(client, strict)
    closed = 0
    for route, roles in declarations(strict).items():
        if roles == [None] or route.path in STILL_OPEN or route.path.startswith(HERE):
            continue
        answer, closed = client.request(route.method, route.to_nothing), closed + 1
        if route.is_api:
            assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing")
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, HERE), route
    assert closed > 150
    shown = client.get(HERE)
    assert "Your role needs a second factor" in shown.text
    assert client.post(f"{HERE}/app").status_code == 200
    assert client.post("/sign-out").headers["location"] == "/sign-in"


def test_a_form_that_was_refused_is_in_the_audit_trail(
    strict: FastAPI, client: Any, session: Session
) -> None:
    sign_in(client, strict)
    client.post("/networks")
    assert [event.code for event in session.exec(select(AuditEvent))] == ["second_factor_missing"]


def test_with_one_or_with_a_lower_role_or_as_a_program_everything_is_as_before(
    strict: FastAPI, client: Any, session: Session
) -> None:
    assert client.get("/api/v1/networks", headers=bearer(strict)).status_code == 200
    sign_in(client, strict, Role.VIEWER)
    assert client.get("/networks").status_code == 200
    user = session.exec(select(User)).one()
    user.role = Role.ADMIN
    session.commit()
    assert client.get("/networks").status_code == 303
    user.has_second_factor = True
    session.commit()
    assert client.get("/networks").status_code == 200


@pytest.mark.parametrize(
    ("lowest", "who"),
    [
        ("none", set()),
        ("admin", {"admin"}),
        ("operator", {"admin", "operator"}),
        ("viewer", {"admin", "operator", "viewer"}),
    ],
)
def test_it_is_needed_from_one_role_on(lowest: Any, who: set[str]) -> None:
    settings = Settings(second_factor_from=lowest)
    assert {str(role) for role in Role if settings.needs_factor(role)} == who


def test_on_postgresql_it_is_not_asked_for_before_there_is_a_key() -> None:
    with pytest.raises(ValueError, match="needs EGRET_SECRET_KEY"):
        Settings(second_factor_from="admin", database_url="postgresql://egret@db/egret")
