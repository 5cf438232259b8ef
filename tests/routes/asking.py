"""Requests to the application through its layers, without a server or a client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import Session

from tests.routes.people import bearer
from tests.services.rows import a_snapshot, add, add_function
from webapp.hot.cache import HotCache
from webapp.hot.front import HotAnswers
from webapp.models import Network, Role, User
from webapp.services import access

PREVIEW = "/api/v1/functions/fun/preview"
TABLE = "/functions/fun/table"
LINK = "/whitelist/a-link-of-a-test"
OF_THE_MOMENT = ("date", "x-request-id", "set-cookie")
BODY = b'{"items": [' + b",".join(b'{"name": "clan %d", "rank": 1}' % n for n in range(60)) + b"]}"
HOST = {"host": "127.0.0.1:8000"}


@dataclass(frozen=True)
class Answered:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return dict(self.headers).get(name, "")


class Asking:
    """Of one application, through a further layer. `passed_on` is how many that did not answer."""

    def __init__(self, app: FastAPI) -> None:
        self.app, self.passed_on = app, 0
        self._layer = HotAnswers(self._pass_on, front=app.state.front)

    async def _pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        self.passed_on += 1
        await self.app(scope, receive, send)

    def forget(self) -> None:
        """So that the router has to answer the next one."""
        cache: HotCache = self.app.state.parts.hot
        cache.slots.clear()
        cache.who.clear()
        self.app.state.front.files.clear()

    async def __call__(self, path: str, method: str = "GET", **headers: str) -> Answered:
        """Names of headers are written with `_`."""
        sent = HOST | {name.replace("_", "-"): value for name, value in headers.items()}
        raw, _, query = path.encode().partition(b"?")
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": raw.decode(),
            "raw_path": raw,
            "root_path": "",
            "query_string": query,
            "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("192.0.2.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        messages: list[Any] = []

        unread = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return unread.pop() if unread else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            messages.append(message)

        await self._layer(scope, receive, send)
        headers_of = [(name.decode(), value.decode()) for name, value in messages[0]["headers"]]
        shown = tuple(sorted(each for each in headers_of if each[0] not in OF_THE_MOMENT))
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Answered(messages[0]["status"], shown, body)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that it runs meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def add_answers(session: Session) -> None:
    """A function that has fetched BODY, and a network with a public link."""
    function = add_function(session)
    add(session, a_snapshot(function, body=BODY, etag="of-it", egress_ip="203.0.113.7", ttl_s=60))
    network = session.get_one(Network, function.network_id)
    network.link = LINK.rpartition("/")[2]
    add(session, network)


def somebody(session: Session, role: Role = Role.VIEWER) -> tuple[User, dict[str, str]]:
    """A person, and the header of their browser."""
    user = User(name=f"a {role}", password_hash="of a test", role=role)
    add(session, user)
    return user, {"cookie": f"egret_session={access.open_session(session, user)}"}


def program(app: FastAPI, *scopes: str) -> dict[str, str]:
    return {"authorization": bearer(app, Role.VIEWER, scopes)["Authorization"]}


def elsewhere(app: FastAPI, *statements: str) -> None:
    """What another replica writes: this process has no part in it."""
    engine = create_engine(app.state.parts.settings.database)  # not by `webapp.db`, which counts
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def time_passes(app: FastAPI, seconds: float) -> None:
    """Since what is known was looked up."""
    cache = app.state.parts.hot
    for key, (who, looked) in cache.who.items():
        cache.who[key] = who, looked._replace(at_s=looked.at_s - seconds)
    for slot in cache.slots.values():
        looked = slot.state.looked
        slot.state = replace(slot.state, looked=looked._replace(at_s=looked.at_s - seconds))
