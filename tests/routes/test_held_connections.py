"""No route holds a connection of the database while a body comes or its answer is written."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from sqlmodel import Session

from tests import loops
from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.all_routes import PARAMETER, Route, routes_of
from tests.routes.conftest import HOST
from tests.routes.people import sign_in
from tests.routes.test_connections import in_use
from tests.services.rows import add_everything

FIRST, REST = b'{"name": "', b'slow"}'
ENDLESS = ("/stream", "/tail")
LAST = "/sign-out"
LIMIT_S = 20


@dataclass
class Slow:
    """A client that sends its body in two parts and reads one message after the other."""

    app: FastAPI
    cookies: str
    held: list[tuple[str, str]] = field(default_factory=list)
    """What was held, and when."""
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, route: Route, path: str, kind: str) -> None:
        parts = [b""] if route.reads else [FIRST, REST]
        whole = len(parts)

        async def receive() -> Any:
            if not parts:
                await asyncio.sleep(LIMIT_S)  # it is not gone before it has its answer
                return {"type": "http.disconnect"}
            if len(parts) < whole:
                await self.look(route, "body")
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start" or message.get("body"):
                await self.look(route, message["type"])

        headers = {"host": HOST[7:], "cookie": self.cookies, "content-type": kind}
        scope = {
            "type": "http",
            "method": route.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("192.0.2.1", 1),
        }
        async with asyncio.timeout(LIMIT_S):
            await self.app(scope, receive, send)

    async def look(self, route: Route, when: str) -> None:
        await asyncio.sleep(0.001)  # what a thread gives back takes a moment
        self.seen.append((route.path, when))
        if in_use(self.app):
            self.held.append((f"{route.method} {route.path}", when))


def path_of(route: Route) -> str:
    """Of what there is, where it has a name."""
    noun = route.path.removeprefix("/api/v1").split("/")[1].removesuffix("s")
    return PARAMETER.sub("unknown", re.sub(r"\{name\}", f"{noun}-1", route.path))


@thorough("every route is asked")
def test_no_route_holds_a_connection_while_it_waits_for_its_client(
    app: FastAPI, session: Session
) -> None:
    client = DirectClient(app, base_url=HOST)  # without a background loop, which has its own
    sign_in(client, app)
    add_everything(session, 1)
    session.close()
    slow = Slow(app, "; ".join(f"{name}={value}" for name, value in client.cookies.items()))

    async def ask_all() -> None:
        for route in sorted(routes_of(app), key=lambda each: each.path == LAST):
            if not route.path.endswith(ENDLESS):
                kind = "application/json" if route.is_api else "application/x-www-form-urlencoded"
                await slow.ask(route, path_of(route), kind)

    loops.run(ask_all())
    assert slow.held == []
    assert len({path for path, when in slow.seen if when == "body"}) > 20
    assert len({path for path, when in slow.seen if when == "http.response.body"}) > 50
