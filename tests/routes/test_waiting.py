"""The queue for threads is bounded: who finds it full is told at once, by no thread."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests import loops
from tests.routes.asking import PREVIEW, Asking, add_answers, somebody, time_passes
from tests.routes.conftest import HOST
from webapp.capacity import threads
from webapp.capacity.waiting import OF_CLIENT_MAX, WAITING_MAX
from webapp.edge.problems import RETRY_AFTER_S
from webapp.hot.cache import FRESH_S
from webapp.hot.requests import Head

PAGE, LIST = "/sign-in", "/api/v1/networks"
LIMIT_S = 20
HEADERS = [(b"host", b"127.0.0.1:8000"), (b"accept-encoding", b"gzip")]


@asynccontextmanager
async def client_of(app: FastAPI, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        yield client


async def ask_at_once(app: FastAPI, address: str, path: str, number: int) -> list[int]:
    async with client_of(app, address) as client:
        answers = await asyncio.gather(*(client.get(path) for _ in range(number)))
        return [answer.status_code for answer in answers]


@asynccontextmanager
async def without_a_thread(app: FastAPI, waiting: int) -> AsyncIterator[None]:
    """The only thread of each pool is at work, and so many requests wait, of a client each."""
    done = Event()
    threads.readers().limit = threads.others().total_tokens = 1
    waiting_ones = (threads.read(done.wait), anyio.to_thread.run_sync(done.wait))
    at_work = [asyncio.create_task(each) for each in waiting_ones]
    async with asyncio.timeout(LIMIT_S):
        queue = [
            asyncio.create_task(ask_at_once(app, f"192.0.2.{number}", PAGE, 1))
            for number in range(waiting)
        ]
        while threads.waiting() < waiting:
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            done.set()
            await asyncio.gather(*at_work, *queue)


def test_who_finds_the_queue_full_is_told_so_as_a_page_or_a_problem(app: FastAPI) -> None:
    async def scenario() -> list[httpx.Response]:
        async with without_a_thread(app, WAITING_MAX), client_of(app, "198.51.100.7") as client:
            return [await client.get(PAGE), await client.get(LIST)]

    page, listed = loops.run(scenario())
    for answer in (page, listed):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Too many requests" in page.text and "</html>" in page.text
    assert listed.json()["code"] == "busy"


def test_the_server_refuses_a_page_as_the_router_does(app: FastAPI) -> None:
    async def scenario() -> tuple[Any, httpx.Response]:
        def ask(path: bytes, headers: Sequence[tuple[bytes, bytes]] = HEADERS) -> Any:
            return app.state.front.at_once(Head(b"GET", path, headers), ("198.51.100.7", 1))

        async with without_a_thread(app, WAITING_MAX), client_of(app, "198.51.100.7") as client:
            for path in (b"/api/v1/networks", b"/healthz", b"/static/x/app.css", b"/sign-out"):
                assert ask(path) is None  # which are answered, or in another way
            assert ask(b"/", [(b"host", b"evil.example")]) is None
            return ask(b"/networks?page=2"), await client.get("/networks?page=2")

    sent, answer = loops.run(scenario())
    early = httpx.Response(
        sent.answer.status, headers=sent.answer.headers, content=sent.answer.body
    )
    assert (early.status_code, early.text) == (503, answer.text)
    of_router = dict(answer.headers)
    assert len(of_router.pop("x-request-id")) == len(sent.own[0][1])
    assert dict(early.headers) == of_router


def test_hot_answers_go_on_while_no_thread_is_free(app: FastAPI, session: Session) -> None:
    add_answers(session)
    _, who = somebody(session)
    asking = Asking(app)

    async def scenario() -> list[int]:
        await asking(PREVIEW, **who)
        async with without_a_thread(app, WAITING_MAX):
            fresh = await asking(PREVIEW, **who)
            time_passes(app, FRESH_S)
            looked_up = await asking(PREVIEW, **who)
            return [fresh.status, looked_up.status]

    assert loops.run(scenario()) == [200, 200]


def test_what_tells_that_the_process_lives_needs_no_thread_of_the_queue(app: FastAPI) -> None:
    async def scenario() -> list[int]:
        async with without_a_thread(app, WAITING_MAX), client_of(app, "198.51.100.7") as client:
            return [(await client.get(path)).status_code for path in ("/healthz", "/readyz")]

    assert loops.run(scenario()) == [200, 200]


def test_signing_out_waits_for_its_turn(app: FastAPI) -> None:
    async def scenario() -> int:
        async with client_of(app, "198.51.100.7") as client:
            async with without_a_thread(app, WAITING_MAX):
                signing_out = asyncio.create_task(client.post("/sign-out"))
                await asyncio.sleep(0)
            return (await signing_out).status_code

    assert loops.run(scenario()) == 303


def test_healthz_runs_in_no_thread(app: FastAPI) -> None:
    async def scenario() -> int:
        threads.readers().limit = threads.others().total_tokens = 0
        async with client_of(app, "198.51.100.7") as client, asyncio.timeout(LIMIT_S):
            return (await client.get("/healthz")).status_code

    assert loops.run(scenario()) == 200


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
    ],
)
def test_one_client_cannot_fill_the_queue(app: FastAPI, one: str, same: str, other: str) -> None:
    """One subscriber has many addresses of IPv6."""

    async def scenario() -> list[list[int]]:
        asked = ((one, OF_CLIENT_MAX), (same, 5), (other, 5))
        return await asyncio.gather(*(ask_at_once(app, each, PAGE, n) for each, n in asked))

    first, refused, others = loops.run(scenario())
    assert Counter(first + refused) == {303: OF_CLIENT_MAX, 503: 5}
    assert others == [303] * 5
