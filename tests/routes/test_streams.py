"""A page's stream: what changed, once, and nothing while nothing changes."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, create_engine, delete, select
from starlette.requests import Request

from tests import loops
from tests.routes.conftest import HOST
from tests.routes.people import sign_in
from webapp.capacity.stream_places import STREAMS_MAX
from webapp.errors import Unauthenticated
from webapp.models import AccessToken, Nat, Network, StackEvent, Status
from webapp.rendering.templating import render
from webapp.routes.pages.streams import POLL_S, State, Stream, View, _next, read
from webapp.routes.watching import Watching
from webapp.services import networks

NAME = "streamed"
TIMEOUT_S = 10.0


@pytest.fixture
def network(session: Session) -> Network:
    made = Network(
        name=NAME,
        status=Status.CREATING,
        region="eu-central-1",
        cidr="10.0.0.0/16",
        availability_zones=1,
        nat=Nat.SINGLE,
        operation_id="op",
    )
    session.add(made)
    session.commit()
    return made


@pytest.fixture
def reading(app: FastAPI) -> Iterator[Any]:
    """By somebody who is signed in."""
    client = TestClient(app, base_url=HOST)
    sign_in(client, app)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items()).encode()
    scope = {"type": "http", "method": "GET", "app": app, "path": f"/networks/{NAME}"}
    request = Request(scope | {"headers": [(b"cookie", cookies)]})
    yield partial(read, request, partial(networks.detail, name=NAME), "networks")
    app.state.parts.engine.dispose()


def events_of(view: View) -> list[int]:
    return [event.id or 0 for event in view.events]


def test_while_nothing_changes_nothing_is_sent_or_rendered(network: Network, reading: Any) -> None:
    drawn: list[str] = []

    def draw(template: str, **context: Any) -> str:
        drawn.append(template)
        return render(template, **context)

    first: View = reading(0, (), draw=draw)
    assert network.name in first.status_html
    for _ in range(3):
        again: View = reading(0, first.state, draw=draw)
        assert (again.status_html, again.events) == ("", [])
    assert drawn == ["networks/_status.html"]


def test_each_change_of_what_is_shown_is_sent_once(
    network: Network, session: Session, reading: Any
) -> None:
    state: State = reading(0, ()).state
    for name, value in (
        ("status", Status.FAILED),
        ("reason", "The range is taken."),
        ("remedy", "Choose another range."),
        ("protected", True),
    ):
        setattr(network, name, value)
        session.commit()
        changed: View = reading(0, state)
        assert changed.status_html, name
        state = changed.state
        assert not reading(0, state).status_html, name


def test_an_event_is_sent_once_and_moves_the_progress(
    network: Network, session: Session, reading: Any
) -> None:
    state: State = reading(0, ()).state
    event = StackEvent(
        owner=network.owner,
        operation_id="op",
        event_id="e1",
        logical_id="Vpc",
        physical_id="vpc-1",
        resource_type="AWS::EC2::VPC",
        status="CREATE_COMPLETE",
        at=network.created_at,
    )
    session.add(event)
    session.commit()
    view: View = reading(0, state)
    assert (events_of(view), bool(view.status_html)) == ([event.id], True)
    assert not reading(event.id, view.state).events


def watched(request: Any, load: Any, session: Session) -> Stream:
    """A page's stream, of the one session that there is."""
    own = session.exec(select(AccessToken.id)).one()
    watching = Watching(request.app.state.parts.engine, own)
    return Stream(request, load, "networks", 0, None, watching)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not done():
            await asyncio.sleep(POLL_S / 50)


async def heard_times(heard: list[str], times: int) -> None:
    await until(lambda: "".join(heard).count("event: status") >= times)


def test_a_stream_without_a_place_says_so_and_reads_nothing(app: FastAPI) -> None:
    client = TestClient(app, base_url=HOST)
    sign_in(client, app)
    with ExitStack() as others:
        for number in range(STREAMS_MAX):
            others.enter_context(app.state.parts.streams.hold(str(number)))
        heard = client.get(f"/networks/{NAME}/stream").text
        assert heard.startswith("event: full\ndata: 200 pages of all users are live")
        assert "event: status" not in heard
    assert app.state.parts.streams.pause_s(0) == 0, "its place is free again"


def test_a_stream_holds_no_connection_while_it_waits(
    network: Network, app: FastAPI, engine: Engine
) -> None:
    client = TestClient(app, base_url=HOST)
    sign_in(client, app)
    network_id = network.id

    async def listen() -> list[str]:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        heard, told = [], asyncio.Event()

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
            "headers": [(b"host", b"127.0.0.1:8000"), (b"cookie", cookies.encode())],
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
        }
        streaming = asyncio.create_task(app(scope, receive, send))
        await heard_times(heard, 1)
        pool: Any = app.state.parts.engine.pool
        await until(lambda: pool.checkedout() == 0)
        with Session(engine) as other:
            other.get_one(Network, network_id).status = Status.READY
            other.commit()
        await heard_times(heard, 2)
        told.set()
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        return heard

    heard = loops.run(listen())
    app.state.parts.engine.dispose()
    assert "".join(heard).count("event: status") == 2


def test_a_stream_waits_while_the_database_cannot_be_read(
    network: Network, app: FastAPI, session: Session, reading: Any
) -> None:
    request, load, *_ = reading.args
    stream = watched(request, load, session)
    small = create_engine(app.state.parts.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    app.state.parts = replace(app.state.parts, engine=small)

    async def wait() -> View | None:
        taken = small.connect()
        following = asyncio.create_task(_next(stream, 0, ()))
        await asyncio.sleep(2 * POLL_S)
        assert not following.done()
        taken.close()
        return await following

    view = loops.run(wait())
    small.dispose()
    assert view is not None
    assert network.name in view.status_html


def test_who_has_signed_out_sees_nothing_more(
    network: Network, session: Session, reading: Any
) -> None:
    request, load, *_ = reading.args
    stream = watched(request, load, session)
    assert network.name in (loops.run(_next(stream, 0, ())) or View([], "", (), True)).status_html
    session.connection().execute(delete(AccessToken))
    session.commit()
    with pytest.raises(Unauthenticated):
        loops.run(_next(stream, 0, ()))
