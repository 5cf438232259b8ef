"""A page's stream: what changed, once, and nothing while nothing changes."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, delete

from tests import loops
from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.conftest import HOST
from tests.routes.people import sign_in
from tests.served import Served, rest, run
from tests.services.rows import a_network, add, add_everything, an_address, an_event
from webapp.capacity.stream_places import STREAMS_MAX
from webapp.models import AccessToken, AddressStatus, Network, Role, Status
from webapp.routes.pages.streams import NOTHING, StreamedPages, View
from webapp.settings import Settings
from webapp.watching.hub import LOOK_S
from webapp.watching.news import Had

NAME = "streamed"
KEY = ("networks", NAME)
NEW = Had(0, NOTHING, Role.VIEWER)
TIMEOUT_S = 10.0


@pytest.fixture
def network(session: Session) -> Network:
    made = a_network(NAME, status=Status.CREATING)
    add(session, made)
    return made


@pytest.fixture
def visitor(app: FastAPI) -> DirectClient:
    """Of somebody who is signed in."""
    client = DirectClient(app, base_url=HOST)
    sign_in(client, app)
    return client


@pytest.fixture
def pages(settings: Settings) -> StreamedPages:
    return StreamedPages(settings)


@pytest.fixture
def look(pages: StreamedPages, session: Session) -> Callable[[Had], tuple[View, str]]:
    """What a page that has that is sent, and what it has then."""

    def at(had: Had) -> tuple[View, str]:
        view = pages.read(session, KEY, had.after)
        assert view is not None
        return view, pages.news(KEY, view, had).chunk.decode()

    return at


def test_while_nothing_changes_nothing_is_sent_or_rendered(network: Network, look: Any) -> None:
    first, sent = look(NEW)
    assert network.name in sent
    for _ in range(3):
        assert look(replace(NEW, state=first.state))[1] == ""


def test_each_change_of_what_is_shown_is_sent_once(
    network: Network, session: Session, look: Any
) -> None:
    had = replace(NEW, state=look(NEW)[0].state)
    for name, value in (
        ("status", Status.FAILED),
        ("reason", "The range is taken."),
        ("remedy", "Choose another range."),
        ("protected", True),
    ):
        setattr(network, name, value)
        session.commit()
        changed, sent = look(had)
        assert "event: status" in sent, name
        had = replace(had, state=changed.state)
        assert "event: status" not in look(had)[1], name


def test_an_event_is_sent_once_and_moves_the_progress(
    network: Network, session: Session, look: Any
) -> None:
    had = replace(NEW, state=look(NEW)[0].state)
    event = an_event(network, "CREATE_COMPLETE")
    add(session, event)
    view, sent = look(had)
    assert (sent.count(f"\nid: {event.id}\n"), sent.count("event: status")) == (1, 1)
    assert look(Had(event.id or 0, view.state, Role.VIEWER))[1] == ""


@asynccontextmanager
async def listening(app: FastAPI, client: DirectClient, **headers: str) -> AsyncIterator[list[str]]:
    """What a stream of the network's page says, while it is open."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    sent = {"host": "127.0.0.1:8000", "cookie": cookies} | headers
    heard: list[str] = []
    told = asyncio.Event()

    async def receive() -> Any:
        await told.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.append(message.get("body", b"").decode())

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/networks/{NAME}/stream",
        "raw_path": b"",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
    }
    streaming = asyncio.create_task(app(scope, receive, send))
    yield heard
    told.set()
    async with asyncio.timeout(TIMEOUT_S):
        await streaming


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not done():
            await asyncio.sleep(LOOK_S / 10)


async def heard_times(heard: list[str], times: int) -> None:
    await until(lambda: "".join(heard).count("event: status") >= times)


def test_a_stream_without_a_place_says_so_and_reads_nothing(
    app: FastAPI, visitor: DirectClient
) -> None:
    with ExitStack() as others:
        for number in range(STREAMS_MAX):
            others.enter_context(app.state.parts.streams.hold(str(number)))
        heard = visitor.get(f"/networks/{NAME}/stream").text
        assert heard.startswith("event: full\ndata: 1,500 pages of all users are live")
        assert "event: status" not in heard
    assert app.state.parts.streams.taken == 0, "its place is free again"


def test_a_stream_holds_no_connection_while_it_waits(
    network: Network, app: FastAPI, visitor: DirectClient, session: Session
) -> None:
    async def listen() -> str:
        async with listening(app, visitor) as heard:
            await heard_times(heard, 1)
            pool: Any = app.state.parts.engine.pool
            await until(lambda: pool.checkedout() == 0)
            network.status = Status.READY
            session.commit()
            await heard_times(heard, 2)
        return "".join(heard)

    assert loops.run(listen()).count("event: status") == 2
    assert app.state.parts.streams.taken == 0


@thorough("it waits for a second")
def test_a_stream_waits_while_the_database_cannot_be_read(
    network: Network,
    app: FastAPI,
    visitor: DirectClient,
    session: Session,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def listen() -> str:
        async with listening(app, visitor) as heard:
            await heard_times(heard, 1)
            session.connection().exec_driver_sql("ALTER TABLE address RENAME TO mislaid")
            network.reason = "It waits."
            session.commit()
            await until(lambda: "the database cannot be read" in caplog.text)
            session.connection().exec_driver_sql("ALTER TABLE mislaid RENAME TO address")
            session.commit()
            await heard_times(heard, 2)
        return "".join(heard)

    assert "It waits." in loops.run(listen())


def test_who_has_signed_out_sees_nothing_more(
    network: Network, app: FastAPI, visitor: DirectClient, session: Session
) -> None:
    async def listen() -> str:
        async with listening(app, visitor) as heard:
            await heard_times(heard, 1)
            session.connection().execute(delete(AccessToken))
            network.reason = "Nobody may see it."
            session.commit()
            await until(lambda: app.state.parts.streams.taken == 0)
        return "".join(heard)

    assert "Nobody may see it." not in loops.run(listen())


@dataclass
class Dashboard(Served):
    """The application on a real server, without its background loop."""

    app: Any = None

    def application(self) -> Any:
        async def requests(scope: Any, receive: Any, send: Any) -> None:
            assert scope["type"] == "http"
            await self.app(scope, receive, send)

        return requests


def test_a_stream_is_a_connection_and_nothing_else(
    network: Network, app: FastAPI, visitor: DirectClient, session: Session
) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    head = f"GET /networks/{NAME}/stream HTTP/1.1\r\nhost: 127.0.0.1:8000\r\ncookie: {cookies}"
    places = app.state.parts.streams

    async def scenario(dashboard: Dashboard) -> None:
        before = asyncio.all_tasks()
        (reader, writer), (leaving, left) = [
            await dashboard.connected(f"{head}\r\n\r\n".encode()) for _ in range(2)
        ]
        for each in (reader, leaving):
            await each.readuntil(b"event: status")
        await until(lambda: asyncio.all_tasks() == before)
        assert places.taken == 2
        left.transport.abort()
        await until(lambda: places.taken == 1)
        add(session, an_event(network, "CREATE_COMPLETE"))
        await reader.readuntil(b"event: row")
        session.delete(session.get_one(Network, network.id))
        session.commit()
        assert "event: gone" in await rest((reader, writer))
        await until(lambda: places.taken == 0)

    run(scenario, Dashboard(app=app))


@pytest.mark.parametrize("role", Role)
def test_what_is_streamed_is_what_the_page_has(
    app: FastAPI, session: Session, pages: StreamedPages, role: Role
) -> None:
    """It is made without a request, once for all who have the role."""
    client = DirectClient(app, base_url=HOST)
    sign_in(client, app, role)
    add_everything(session, 1)
    failed = a_network("failed", status=Status.FAILED, reason="No.", remedy="See https://a.example")
    add(session, failed, an_address(failed, "203.0.113.9", status=AddressStatus.LOST))
    add(session, an_event(failed, "CREATE_FAILED"))
    for key in (("networks", "network-1"), ("networks", "failed"), ("functions", "function-1")):
        sent = pages.news(key, pages.read(session, key, 0), Had(0, NOTHING, role)).chunk.decode()
        (part,) = re.findall(r"event: status\n(.*?)\n\n", sent, re.DOTALL)
        html = "\n".join(line.removeprefix("data: ") for line in part.split("\n"))
        assert html.strip() in client.get("/".join(("", *key))).text
