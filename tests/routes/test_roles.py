"""Every route for everybody who asks: the answer follows from the route's declaration alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import Session, SQLModel, col, delete, select, update

from tests import loops
from tests.fast import thorough
from tests.routes.all_routes import Route, declarations
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.services.rows import add_everything
from webapp.browsers import SESSION_COOKIE
from webapp.models import AccessToken, Address, Guesses, Network, Role, TokenKind, utc_now
from webapp.services import access
from webapp.services.access.guesses import OF_CLIENT

NOT_SIGNED_IN, REFUSED, ANSWERED = "not signed in", "refused", "answered"
OPEN = {
    "/healthz",
    "/readyz",
    "/setup",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/passkey",
    "/sign-in/provider",
    "/sign-in/callback",
    "/choose-password",
    "/whitelist/{link}",
    "/whitelist/{link}.txt",
}
OWN = ("/account", "/confirm-identity", "/sign-out")
"""What everybody changes about themselves."""
LAST = "/sign-out"
"""It ends the session with which the others are asked."""
ENDLESS = "/tail"
"""It goes on until AWS answers."""
TABLES_WRITTEN = {"heartbeat", "throttle"}
"""By reading: /readyz sees whether it can write, and calls to AWS wait for each other's turn."""
COLUMNS_WRITTEN = {"last_seen_at", "last_used_at"}
"""By reading: when somebody was here."""


@dataclass(frozen=True)
class Asker:
    """Their role on pages and on the API; None is nobody. `admit` gives a client what they have."""

    name: str
    admit: Callable[[Any, FastAPI], None] = lambda *_: None
    on_pages: Role | None = None
    on_api: Role | None = None
    in_scope: bool = True

    def expected(self, route: Route, needed: Role | None) -> str:
        role = self.on_api if route.is_api else self.on_pages
        if needed is None:
            return ANSWERED
        if role is None:
            return NOT_SIGNED_IN
        return ANSWERED if role.includes(needed) and self.in_scope else REFUSED


def signed_in_as(role: Role) -> Asker:
    """On pages with a session, on the API with a token."""

    def admit(client: Any, app: FastAPI) -> None:
        sign_in(client, app, role)
        client.headers.update(bearer(app, role))

    return Asker(role.value, admit, role, role)


def with_token(**columns: Any) -> Callable[[Any, FastAPI], None]:
    """An admin's, changed afterwards."""

    def admit(client: Any, app: FastAPI) -> None:
        client.headers.update(bearer(app))
        with Session(app.state.parts.engine) as session:
            tokens = update(AccessToken).where(col(AccessToken.kind) == TokenKind.API)
            session.connection().execute(tokens.values(columns))
            session.commit()

    return admit


def with_ended_session(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    with Session(app.state.parts.engine) as session:
        access.sign_out(session, client.cookies[SESSION_COOKIE])


ASKERS = [
    Asker("anonymous"),
    *map(signed_in_as, Role),
    Asker("a token without scope", with_token(scopes=["none"]), on_api=Role.ADMIN, in_scope=False),
    Asker("an expired token", with_token(expires_at=utc_now() - timedelta(seconds=1))),
    Asker("a revoked token", with_token(token_hash="of another one")),
    Asker("an ended session", with_ended_session),
]


def test_every_route_declares_once_who_may_ask_it(app: FastAPI) -> None:
    wrong = {route: found for route, found in declarations(app).items() if len(found) != 1}
    assert not wrong, "Give each route one ctx: Anyone, Viewer, Operator or Admin."


def test_only_these_are_for_anyone_and_only_reading_is_for_viewers(app: FastAPI) -> None:
    declared = declarations(app).items()
    assert {route.path for route, needed in declared if needed == [None]} <= OPEN
    viewers = [route for route, needed in declared if needed == [Role.VIEWER]]
    assert [r for r in viewers if not r.reads and not r.path.startswith(OWN)] == []


@thorough("each route is asked by everybody: 2,000 requests")
@pytest.mark.parametrize("asker", ASKERS, ids=lambda asker: asker.name)
def test_what_is_answered_follows_from_the_declaration(app: FastAPI, asker: Asker) -> None:
    client = a_client(app)
    asker.admit(client, app)
    routes = sorted(declarations(app).items(), key=lambda each: each[0].path == LAST)
    expected = {route: asker.expected(route, needed) for route, (needed,) in routes}

    async def ask() -> dict[Route, str]:
        found = {}
        for number, route in enumerate(expected):
            if not number % OF_CLIENT.free:
                forget_wrong_tokens(app)
            found[route] = outcome(route, await client.request(route.method, route.to_nothing))
        return found

    assert len(expected) > 150
    assert loops.run(ask()) == expected


def a_client(app: FastAPI) -> httpx.AsyncClient:
    """Faster than a TestClient. Nothing works in the background: the app is not started."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST)


def forget_wrong_tokens(app: FastAPI) -> None:
    """Or a client that has sent many would have to wait."""
    with Session(app.state.parts.engine) as session:
        session.connection().execute(delete(Guesses))
        session.commit()


def outcome(route: Route, answer: httpx.Response) -> str:
    assert answer.status_code != 500, route
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in?"):
        return NOT_SIGNED_IN
    return REFUSED if answer.status_code == 403 else ANSWERED


@thorough("every route is asked")
def test_reading_changes_nothing(app: FastAPI, session: Session) -> None:
    add_everything(session, 1)
    session.exec(select(Network)).one().link = "link"
    session.commit()
    client = a_client(app)
    sign_in(client, app)
    before = everything(session)
    names = {
        "networks/{name}": "networks/network-1",
        "functions/{name}": "functions/function-1",
        "keys/{name}": "keys/key-1",
        "{number}": "1",
        "{address_id}": session.exec(select(Address.id)).first() or "",
        "{link}": "link",
    }
    paths = []
    for route in declarations(app):
        path = route.path
        for name, there in names.items():
            path = path.replace(name, there)
        if route.reads and not path.endswith(ENDLESS):
            paths += [("GET", path), ("HEAD", path)]

    async def read() -> list[int]:
        return [(await client.request(*each)).status_code for each in paths]

    assert loops.run(read()).count(200) > 80
    assert everything(session) == before


def everything(session: Session) -> dict[str, list[Any]]:
    """Every row of every table, but for what reading may write."""
    session.rollback()
    found = {}
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in TABLES_WRITTEN:
            columns = [column for column in table.columns if column.name not in COLUMNS_WRITTEN]
            found[table.name] = [*session.connection().execute(select(*columns))]
    return found
