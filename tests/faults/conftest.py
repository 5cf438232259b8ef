"""A network's whole life behind a proxy that misbehaves, step by step in this process."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from tests import plain_http
from tests.clouds import boto_session, connected
from tests.dashboard import wait_for
from tests.databases import engine_of, prepare, settings_of
from tests.faults import replicas, worker
from tests.faults.proxy import Proxy, proxied
from tests.faults.world import allocations, world
from tests.locks import watched
from tests.sandbox.credentials import BOUNDARY, credentials_of, environment_of
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.db import give_back
from webapp.models import Network
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.scope import CloudScope
from webapp.services import networks
from webapp.settings import Settings

ADDRESS_QUOTA = 40
PREFIX = "faults"


@pytest.fixture(scope="session")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox without any other test's networks: all of it can be counted."""
    folder = tmp_path_factory.mktemp("faults")
    with Sandbox.start(folder, pace_s=0, address_quota=ADDRESS_QUOTA) as running:
        yield running


@pytest.fixture(scope="module")
def own(emptied: Sandbox) -> Iterator[Sandbox]:
    """The other files of this worker have the credentials of another sandbox."""
    with credentials_of(emptied):
        yield emptied


@pytest.fixture(scope="module")
def user(own: Sandbox) -> dict[str, str]:
    """The dashboard's, with no more than the policies that `egret policy` prints."""
    return environment_of(own, PREFIX)


@pytest.fixture(scope="module")
def observer(own: Sandbox) -> Clients:
    """The administrator's, past the proxy: what a test looks at AWS with."""
    return Clients(own.info.aws_endpoint)


@dataclass
class Bench:
    """A dashboard's services, on one database, behind the proxy.

    Clicks are the first replica's; the steps of the background are everybody's, in turn.
    """

    session: Session
    cloud: Cloud
    clients: Clients
    settings: Settings
    proxy: Proxy
    aws_endpoint: str
    one_step: worker.Step

    @property
    def scope(self) -> CloudScope:
        return CloudScope(self.session, worker.ACTOR, self.cloud, self.settings)

    def do(self, operation: str) -> None:
        """Click, and go on in the background until everything is settled."""
        worker.OPERATIONS[operation](self.scope)
        self.drive()

    def switch(self, *switches: dict[str, Any]) -> None:
        """Make AWS fail at the network's stack; without any, nothing fails any more."""
        stack = f"{self.settings.name_prefix}-network-{worker.NAME}"
        body = [{"stack": stack} | switch for switch in switches]
        url = f"{self.aws_endpoint}/_egret/switches"
        user = (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        plain_http.put(url, json=body, auth=user).raise_for_status()

    def drive(self) -> None:
        worker.drive(self.session, self.cloud, self.settings, self.one_step)

    def until(self, condition: Callable[[], bool]) -> None:
        """Steps of the background until it is true."""

        def step_and_look() -> bool:
            self.steps(1)
            return condition()

        wait_for(step_and_look, worker.TIMEOUT_S)

    def steps(self, count: int) -> None:
        """So many steps of the background, whatever comes of them."""
        for _ in range(count):
            worker.outlive(self.session)
            self.one_step()
        self.session.expire_all()

    @property
    def network(self) -> Network:
        return networks.get(self.session, worker.NAME)

    @property
    def status(self) -> str:
        return self.network.status.value

    def world(self) -> dict[str, Any]:
        self.session.expire_all()
        return world(self.session, self.clients, self.settings)

    def allocations(self) -> set[str]:
        return allocations(self.clients, REGION)


@pytest.fixture
def bench(own: Sandbox, user: dict[str, str], observer: Clients, tmp_path: Path) -> Iterator[Bench]:
    settings = settings_of(
        tmp_path,
        name_prefix=PREFIX,
        permissions_boundary_arn=user[BOUNDARY],
        regions=REGION,
        endpoints=json.loads(own.environment()["EGRET_ENDPOINTS"]),
    )
    prepare(settings)
    engines = [engine_of(settings, f"replica {number}") for number in range(replicas.count())]
    with (
        proxied(own.info.aws_endpoint) as proxy,
        Session(engines[0], expire_on_commit=False) as session,
    ):
        faulty = Clients(proxy.url, watched(boto_session(user=user)), before_call=give_back)
        clouds = [connected(faulty, poll_s=worker.POLL_S) for _ in engines]
        steps = [
            worker.stepping(engine, cloud, settings)
            for engine, cloud in zip(engines, clouds, strict=True)
        ]
        one_step = replicas.in_turn(*steps)
        endpoint = own.info.aws_endpoint
        made = Bench(session, clouds[0], observer, settings, proxy, endpoint, one_step)
        yield made
        proxy.rules.clear()
        made.switch()
        session.rollback()
        worker.outlive(session)
        made.drive()
        made.do("delete")
        made.do("release")
        assert not made.allocations()
    for engine in engines:
        engine.dispose()
