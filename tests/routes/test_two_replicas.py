"""Two replicas on one database: what an admin ends on one is over on the other."""

import asyncio
from copy import copy
from typing import Any

from fastapi import FastAPI
from sqlmodel import Session
from starlette.datastructures import State

from tests import loops
from tests.fast import thorough
from tests.routes.conftest import HOST
from tests.routes.people import bearer
from webapp.aws import Cloud
from webapp.browsers import SESSION_COOKIE
from webapp.main import make_parts
from webapp.models import Nat, Network, Role, Status, User
from webapp.services import access
from webapp.settings import Settings

TIMEOUT_S = 10.0


def another(app: FastAPI, settings: Settings, cloud: Cloud) -> FastAPI:
    """With the same routes, which take long to make, and everything else of its own."""
    replica = copy(app)
    replica.state = State({"parts": make_parts(settings, cloud)})
    return replica


@thorough("it waits for a second")
def test_a_session_that_is_ended_on_one_replica_is_over_on_the_other_with_its_stream(
    app: FastAPI, client: Any, session: Session, settings: Settings, nowhere: Cloud
) -> None:
    network = Network(
        name="watched",
        status=Status.CREATING,
        region="eu-central-1",
        cidr="10.0.0.0/16",
        availability_zones=1,
        nat=Nat.SINGLE,
        operation_id="op",
    )
    ada = User(name="ada", password_hash="of a test", role=Role.ADMIN)
    bob = User(name="bob", password_hash="of a test")
    session.add_all([network, bob, ada])
    session.commit()
    token = access.open_session(session, bob)
    replica = another(app, settings, nowhere)

    async def watch() -> str:
        heard, begun = "", asyncio.Event()

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            nonlocal heard
            heard += message.get("body", b"").decode()
            if "event: status" in heard:
                begun.set()

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/networks/watched/stream",
            "raw_path": b"",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), (b"cookie", f"{SESSION_COOKIE}={token}".encode())],
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
        }
        async with asyncio.timeout(TIMEOUT_S):
            streaming = asyncio.create_task(replica(scope, receive, send))
            await begun.wait()
            removed = await asyncio.to_thread(
                client.delete, f"{HOST}/api/v1/users/bob", headers=bearer(app)
            )
            assert removed.status_code == 204
            await streaming
        return heard

    heard: str = loops.run(watch())
    replica.state.parts.engine.dispose()
    assert "event: done" not in heard
    assert access.session_of(session, token) is None
