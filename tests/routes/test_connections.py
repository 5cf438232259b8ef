"""A connection of the database is held only while it is asked something: nothing slow keeps it."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, create_engine

from tests.clouds import boto_session, connected
from tests.databases import prepare
from tests.fast import thorough
from tests.inside import DirectClient
from tests.postgresql import on_either_database
from tests.routes.all_routes import PARAMETER, routes_of
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.services.rows import a_function, a_key, a_network, add, an_address
from webapp.aws.clients import Clients
from webapp.aws.tags import STACK_NAME_TAG
from webapp.edge.connections import Connections
from webapp.edge.problems import RETRY_AFTER_S
from webapp.main import before_call, create_app
from webapp.partners import KeyClaims
from webapp.routes.pages.streams import resume_after
from webapp.settings import Settings

CLIENTS, OF_EACH = 4, 25
ENOUGH_S = 60.0
NAME = "seen"
EXAMPLES = {
    "CidrIp": "0.0.0.0/0",
    "CidrBlock": "10.0.0.0/16",
    "DestinationCidrBlock": "10.0.0.0/16",
    "LogicalResourceId": "Vpc",
    "Key": STACK_NAME_TAG,
    "PrivateIpAddress": "10.0.0.5",
    "PublicIp": "203.0.113.9",
    "Value": f"egret-network-{NAME}",
}
"""Other texts in AWS's answers are `x`."""


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: the browser tests leave an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def in_use(app: FastAPI) -> int:
    pool = app.state.parts.engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@thorough("hundreds of requests")
@on_either_database
def test_many_signed_in_requests_at_once_are_all_answered(app: FastAPI) -> None:
    """Ten times as many as there are connections."""
    headers = bearer(app)

    async def ask(number: int) -> list[int]:
        transport = httpx.ASGITransport(app, client=(f"192.0.2.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            asked = [client.get("/api/v1/networks", headers=headers) for _ in range(OF_EACH)]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    async def in_time() -> list[list[int]]:
        return await asyncio.wait_for(asyncio.gather(*map(ask, range(CLIENTS))), ENOUGH_S)

    assert run_apart(in_time()) == [[200] * OF_EACH] * CLIENTS
    assert in_use(app) == 0
    app.state.parts.engine.dispose()


def test_a_body_that_comes_slowly_keeps_no_connection(app: FastAPI) -> None:
    client = DirectClient(app, base_url=HOST)  # without a background loop, which has its own
    sign_in(client, app)
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    held: list[int] = []

    async def body() -> Any:
        yield b"name="
        await asyncio.sleep(0.2)
        held.append(in_use(app))
        yield b"slow"

    async def send() -> int:
        transport = httpx.ASGITransport(app)
        form = {"content-type": "application/x-www-form-urlencoded", "cookie": cookie}
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as sender:
            answer = await sender.post("/networks", content=body(), headers=form)
            return answer.status_code

    assert run_apart(send()) == 422
    assert held == [0]
    app.state.parts.engine.dispose()


@pytest.fixture
def calls() -> list[tuple[str, int]]:
    """What AWS was asked, and how many connections were in use then."""
    return []


@pytest.fixture
def asking(settings: Settings, calls: list[tuple[str, int]]) -> Iterator[DirectClient]:
    """Signed in, on an AWS that answers every call with one of everything."""
    prepare(settings)
    boto = boto_session()

    def answer(event_name: str, model: Any, **_: object) -> Any:
        calls.append((event_name, in_use(app)))
        metadata = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        return AWSResponse(HOST, 200, HTTPHeaders(), None), metadata | example(model.output_shape)

    boto.events.register_last("before-call", answer)
    cloud = connected(Clients(HOST, boto, attempts=1, before_call=before_call))
    app = create_app(settings, cloud)
    with Session(app.state.parts.engine) as session:
        add_rows(session)
    # Without the application's life: its background loop has connections of its own.
    client = DirectClient(app, base_url=HOST, raise_server_exceptions=False, follow_redirects=False)
    sign_in(client, app)
    yield client
    app.state.parts.engine.dispose()


def example(shape: Any, name: str = "") -> Any:
    """An answer of that shape, without the tokens that ask for another page."""
    kind = shape.type_name if shape else "map"
    if kind == "structure":
        members = shape.members.items()
        return {name: example(of, name) for name, of in members if "token" not in name.lower()}
    if kind == "list":
        return [example(shape.member)]
    if kind == "string":
        return shape.enum[-1] if shape.enum else EXAMPLES.get(name, "x")
    usual = {"map": {}, "boolean": False, "timestamp": datetime.now(UTC), "blob": BytesIO(b"{}")}
    return usual.get(kind, 1)


@thorough("every route is asked")
def test_no_route_keeps_a_connection_while_aws_is_asked(
    asking: DirectClient, calls: list[tuple[str, int]]
) -> None:
    app: Any = asking.app
    wanted = {
        "region": "eu-central-1",
        "adopt": "203.0.113.9",
        "name": NAME,
        "confirm": NAME,
        "availability_zones": "2",
        "protected": "on",
    }
    for route in sorted(routes_of(app), key=lambda r: (not r.reads, "deletion" in r.path)):
        path = PARAMETER.sub(lambda found: "a1" if "address" in found[0] else NAME, route.path)
        if route.is_api or path.endswith(("sign-out", "stream", "tail")):
            continue
        sent: dict[str, Any] = {"params" if route.reads else "data": wanted}
        asking.request(route.method, path, **sent)
    assert len({call for call, _ in calls}) >= 20, calls
    assert not [call for call, used in calls if used]


def add_rows(session: Session) -> None:
    """A network, a key and a function that AWS has too, and two addresses."""
    network = a_network(
        NAME,
        stack_id="arn:aws:cloudformation:eu-central-1:1:stack/x/y",
        outputs={
            "AvailabilityZones": "eu-central-1a",
            "PrivateSubnetIds": "subnet-1",
            "ProbeFunctionNames": "probe",
            "VpcId": "vpc-1",
            "SecurityGroupId": "sg-1",
        },
    )
    claims = KeyClaims(kind="x", scopes=(), cidrs=(), tier="x", issued_at="")
    key = a_key(NAME, claims=claims.as_json())
    function = a_function(
        network,
        key,
        NAME,
        outputs={"FunctionName": "egret-function-seen", "ApiKeyId": "x"},
        settings={"location": "global", "limit": 10},
    )
    free = an_address(None, "203.0.113.2", id="a1")
    add(session, network, key, an_address(network, id="a0"), free, function)


@pytest.fixture
def crowded(app: FastAPI, engine: Engine) -> Iterator[FastAPI]:
    """An application whose only connection is in use."""
    small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    app.state.parts = replace(app.state.parts, engine=small)
    with small.connect():
        yield app
    small.dispose()


@pytest.mark.parametrize("path", ["/networks", "/api/v1/networks"])
def test_without_a_free_connection_a_request_is_told_to_come_again(
    crowded: FastAPI, path: str
) -> None:
    client = DirectClient(crowded, base_url=HOST, raise_server_exceptions=False)
    client.cookies.set("egret_session", "whatever")
    refused = client.get(path)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
    assert "Too many requests" in refused.text


def test_a_full_pool_is_not_taken_for_a_database_that_cannot_be_written(crowded: FastAPI) -> None:
    refused = DirectClient(crowded, base_url=HOST).get("/readyz")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
    assert "Too many requests" in refused.text


def test_a_replica_that_is_told_to_end_is_alive_but_not_ready(app: FastAPI, client: Any) -> None:
    app.state.connections = connections = Connections()
    try:
        before = client.get("/readyz").status_code
        connections.begin_to_end()
        refused = client.get("/readyz")
        after = client.get("/healthz").status_code
    finally:
        del app.state.connections  # the application is shared
    assert (before, after) == (200, 200)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
    assert "This replica is ending." in refused.text


def test_a_stream_that_cannot_begin_is_told_to_come_again(app: FastAPI, engine: Engine) -> None:
    client = DirectClient(app, base_url=HOST)
    sign_in(client, app)
    small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    taken: list[Any] = []

    def take_the_last_one() -> int:
        taken.append(small.connect())
        return 0

    app.dependency_overrides[resume_after] = take_the_last_one
    app.state.parts.engine.dispose()
    app.state.parts = replace(app.state.parts, engine=small)
    refused = client.get(f"/networks/{NAME}/stream")
    taken.pop().close()
    small.dispose()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
