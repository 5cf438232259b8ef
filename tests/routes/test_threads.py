"""Who only reads has threads of its own, and leaves them to others while it waits."""

import asyncio

import httpx
from fastapi import FastAPI
from sqlmodel import Session, update

from tests import loops
from tests.routes.conftest import HOST
from tests.routes.people import bearer
from webapp.capacity import threads
from webapp.models import AccessToken

PAGE, FORM = "/api/v1/networks", "/api/v1/networks/none/parking"
LIMIT_S = 20


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url=HOST, headers=bearer(app))


def test_pages_are_read_while_all_who_write_wait(app: FastAPI) -> None:
    async def scenario() -> tuple[int, int]:
        others = threads.others()
        others.total_tokens = 0
        async with asyncio.timeout(LIMIT_S), client_of(app) as client:
            writing = asyncio.create_task(client.post(FORM))
            while not threads.waiting():
                await asyncio.sleep(0)
            read = await client.get(PAGE)
            others.total_tokens = 1
            return read.status_code, (await writing).status_code

    assert loops.run(scenario()) == (200, 404)


def test_who_reads_leaves_the_thread_to_others_while_the_database_is_locked(
    app: FastAPI, session: Session
) -> None:
    async def scenario() -> list[int]:
        readers = threads.readers()
        before = readers.limit
        async with asyncio.timeout(LIMIT_S), client_of(app) as client:
            with session.begin():  # it is now written that the token was used, or not
                session.connection().execute(update(AccessToken).values(last_used_at=None))
                reading = asyncio.create_task(client.get(PAGE))
                while readers.limit == before:
                    await asyncio.sleep(0.001)
                status = (await reading).status_code
            return [status, readers.limit - before]

    assert loops.run(scenario()) == [200, 0]
