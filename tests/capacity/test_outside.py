"""Requests that wait for AWS or a partner leave threads for those that do not."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from threading import Event

import anyio
import httpx
import pytest
from fastapi import FastAPI

from tests import loops
from tests.clouds import connected
from tests.databases import prepare
from tests.fast import thorough
from tests.routes.conftest import HOST
from tests.routes.people import bearer
from webapp.aws.clients import Clients
from webapp.capacity.outside import PLACES, Outside
from webapp.edge.problems import RETRY_AFTER_S
from webapp.errors import Unavailable
from webapp.main import before_call, create_app
from webapp.settings import Settings

MORE = 5
LIMIT_S = 20
WAITS_FOR_AWS = "/api/v1/orphans"
STAYS_HERE = "/api/v1/networks"


def test_a_request_keeps_its_place_to_its_end_and_the_next_is_told_to_come_again() -> None:
    outside = Outside(places=1)
    with outside.request(), ThreadPoolExecutor(1) as other:
        with outside.request():
            outside.enter()
        outside.enter()

        def another() -> None:
            with outside.request():
                outside.enter()

        with pytest.raises(Unavailable):
            other.submit(another).result()
        assert other.submit(outside.enter).exception() is None, "the background loop may"
    another()


def test_who_waits_aside_or_outside_leaves_the_thread_to_others() -> None:
    outside, go_on = Outside(places=1), Event()

    def wait_aside() -> None:
        with outside.aside():
            go_on.wait(LIMIT_S)

    def wait_outside() -> None:
        with outside.request():
            outside.enter()
            go_on.wait(LIMIT_S)

    async def scenario() -> float:
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = 1
        async with asyncio.timeout(LIMIT_S / 2), anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, wait_aside)
            tasks.start_soon(anyio.to_thread.run_sync, wait_outside)
            await anyio.to_thread.run_sync(go_on.set)
        return threads.total_tokens

    assert loops.run(scenario()) == 1


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """It takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        yield listening


@pytest.fixture
def slow(settings: Settings, silent: socket.socket) -> Iterator[FastAPI]:
    prepare(settings)
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    app = create_app(settings, connected(Clients(url, attempts=1, before_call=before_call)))
    yield app
    app.state.parts.engine.dispose()


@thorough("many requests at once")
def test_pages_are_answered_while_many_requests_wait_for_aws(
    slow: FastAPI, silent: socket.socket
) -> None:
    headers = bearer(slow)

    async def ask() -> tuple[list[httpx.Response], list[int]]:
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(slow.router.lifespan_context(slow))
            first, second, client = [
                await opened.enter_async_context(
                    httpx.AsyncClient(
                        transport=httpx.ASGITransport(slow, client=(address, 1)),
                        base_url=HOST,
                        headers=headers,
                    )
                )
                for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3")
            ]
            waiting = [
                asyncio.create_task((first if number % 2 else second).get(WAITS_FOR_AWS))
                for number in range(PLACES + MORE)
            ]
            answers = asyncio.as_completed(waiting)
            refused = [await asyncio.wait_for(next(answers), 20) for _ in range(MORE)]
            paths = ("/healthz", "/readyz", "/setup", STAYS_HERE)
            others = [(await asyncio.wait_for(client.get(path), 5)).status_code for path in paths]
            silent.close()
            await asyncio.wait(waiting)
            return refused, others

    refused, others = loops.run(ask())
    assert others == [200] * len(others)
    assert Counter(answer.status_code for answer in refused) == {503: MORE}
    assert all(a.headers["retry-after"] == str(RETRY_AFTER_S) for a in refused)
