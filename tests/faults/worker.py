"""A worker that does one thing after another, and is killed at the AWS call it is told.

It is a process of its own, forked from one that has made its boto3 clients already: that takes
longer than what they are used for. What it does is what the dashboard does: the service takes the
click, the background steps go on with it. As a dashboard does, it goes on until it is killed, and
then another one takes its place: a new one, or on PostgreSQL a replica that has been running and
takes every other order, see `replicas`.
"""

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from threading import local
from typing import Any

import boto3
from sqlalchemy import Engine, update
from sqlmodel import Session, select

from tests.clouds import boto_session, connected
from tests.databases import engine_of
from tests.faults import replicas
from tests.faults.callers import CALLER_OPERATIONS, WITH_CALLERS
from tests.faults.functions import FUNCTION_OPERATIONS
from tests.faults.keys import BEFORE_FUNCTIONS, KEY_OPERATIONS
from tests.locks import watched
from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.db import give_back
from webapp.models import (
    Address,
    KeyVersion,
    Lease,
    Nat,
    Network,
    NewChange,
    NewNetwork,
    Site,
    utc_now,
)
from webapp.scope import CloudScope
from webapp.services import addresses, networks
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.functions.callers import operation as caller_operation
from webapp.services.functions.operation import FunctionOperation
from webapp.services.keys import operation as key_operation
from webapp.services.networks import change
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

Worker = tuple[Any, Connection]
"""The process, and where it gets its orders."""
Step = Callable[[], bool]
"""One step of the background. False when nothing was due."""
NAME = "swept"
ACTOR = "test"
POLL_S = 0.02
TIMEOUT_S = 60.0
CHANGED_ZONES = 2
FORKED = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Kill:
    """`kill -9` right before the `call`th call to AWS is sent, or right after it was answered.

    Calls of other operations than `of` are not counted; by default all are.
    """

    call: int
    after: bool
    of: frozenset[str] = frozenset()


class Killer:
    """Hooks on a boto3 session, and so on all of its clients; harmless until it is armed.

    Calls are numbered as they are sent. Of several threads, each knows the number of its own call.
    """

    def __init__(self, session: boto3.Session) -> None:
        self._kill: Kill | None = None
        self._numbers = count(1)
        self._of_thread = local()
        session.events.register("before-send", self._before)
        session.events.register("response-received", self._after)

    def arm(self, kill: Kill | None) -> None:
        self._kill, self._numbers = kill, count(1)

    def _before(self, event_name: str, **_: object) -> None:
        if self._is_counted(event_name):
            self._of_thread.call = next(self._numbers)
            self._strike(after=False)

    def _after(self, event_name: str, **_: object) -> None:
        if self._is_counted(event_name):
            self._strike(after=True)

    def _is_counted(self, event_name: str) -> bool:
        of = self._kill.of if self._kill else ()
        return not of or event_name.rpartition(".")[2] in of

    def _strike(self, *, after: bool) -> None:
        kill = self._kill
        if kill and (kill.call, kill.after) == (self._of_thread.call, after):
            os.kill(os.getpid(), signal.SIGKILL)


class Workshop:
    """Where workers are forked: its clients are made, and have not been connected yet."""

    def __init__(self, aws_endpoint: str, region: str) -> None:
        session = watched(boto_session(region))
        self._killer = Killer(session)
        self._credentials: Any = session.get_credentials()
        clients = Clients(aws_endpoint, session, before_call=give_back)
        self._cloud = connected(clients, poll_s=POLL_S)
        self._engine: Engine | None = None
        self._database = ""
        self._workers: list[Worker | None] = [None] * replicas.count()
        self._made = [
            make(region)
            for make in (
                clients.ec2,
                clients.ec2_without_retries,
                clients.cloudformation,
                clients.awslambda,
                clients.awslambda_without_retries,
                clients.apigateway,
                clients.apigateway_without_retries,
                clients.service_quotas,
                clients.secretsmanager,
                clients.sts,
            )
        ]

    def act_as(self, user: Mapping[str, str]) -> None:
        """All calls are this user's from now on; the clients stay, the workers do not."""
        self._workers = [None for _ in self._workers]
        self._credentials.access_key = user["AWS_ACCESS_KEY_ID"]
        self._credentials.secret_key = user["AWS_SECRET_ACCESS_KEY"]

    def warm_up(self, settings: Settings, operations: Iterable[str]) -> None:
        """Do everything once here, so that no worker has to read and compile what all need."""
        for operation in operations:
            self.work(settings, operation, None)
        if self._engine:
            self._engine.dispose()
        self._database = ""
        for client in self._made:
            client.close()
        # Memory is shared until it is written to, and to search it for garbage is to write.
        gc.collect()
        gc.freeze()

    def ended(self, settings: Settings, operation: str, kill: Kill | None) -> bool:
        """Have the next worker do it. False when it was killed: then the others have not been."""
        first, *others = [worker or self._forked() for worker in self._workers]
        process, orders = first
        orders.send((settings, operation, kill))
        try:
            orders.recv()
        except (EOFError, ConnectionResetError):
            self._workers = [*others, None]
            process.join()
            assert process.exitcode == -signal.SIGKILL, f"{operation} failed"
            return False
        self._workers = [*others, first]
        return True

    def _forked(self) -> Worker:
        ours, its = FORKED.Pipe()
        process = FORKED.Process(target=self._follow, args=(ours, its), daemon=True)
        process.start()
        its.close()
        return process, ours

    def _follow(self, ours: Connection, its: Connection) -> None:
        """One order after another, in the worker's process, as long as there may be one."""
        ours.close()
        with suppress(EOFError):
            while True:
                order = its.recv()
                self.work(*order)
                its.send(None)

    def work(self, settings: Settings, operation: str, kill: Kill | None) -> None:
        """Click, then go on in the background until all is settled; or until it is killed."""
        self._killer.arm(kill)
        with Session(self._engine_of(settings), expire_on_commit=False) as session:
            outlive(session)
            drive(session, self._cloud, settings)
            every = OPERATIONS | KEY_OPERATIONS | FUNCTION_OPERATIONS | BEFORE_FUNCTIONS
            do = (every | CALLER_OPERATIONS | WITH_CALLERS)[operation]
            do(CloudScope(session, ACTOR, self._cloud, settings))
            drive(session, self._cloud, settings)

    def _engine_of(self, settings: Settings) -> Engine:
        """It stays as it is for the next order, unless that is for another database."""
        if self._engine is None or settings.database != self._database:
            self._engine, self._database = engine_of(settings, "worker"), settings.database
        return self._engine


def outlive(session: Session) -> None:
    """An hour later: leases of killed workers have run out, and what waited is due."""
    an_hour_ago = utc_now() - timedelta(hours=1)
    session.connection().execute(update(Lease).values(expires_at=0.0, due_at=0.0))
    for table in (Address, KeyVersion):
        session.connection().execute(update(table).values(created_at=an_hour_ago))
    session.commit()


def drive(session: Session, cloud: Cloud, settings: Settings, one_step: Step | None = None) -> None:
    """What the background loop does, until nothing is left to do; waits are virtual."""
    until = time.monotonic() + TIMEOUT_S
    one_step = one_step or stepping(session.get_bind(), cloud, settings)
    while session.exec(select(Lease)).first():
        assert time.monotonic() < until, "it did not settle"
        session.rollback()
        if not one_step():
            time.sleep(POLL_S)
            session.connection().execute(update(Lease).values(due_at=0.0))
            session.commit()
    session.expire_all()


def stepping(engine: Any, cloud: Cloud, settings: Settings) -> Step:
    handlers = {
        "network": NetworkOperation.handler(cloud, settings),
        "function": FunctionOperation.handler(cloud, settings),
        caller_operation.NOUN: caller_operation.handler(cloud, settings),
        key_operation.NOUN: key_operation.handler(cloud, settings),
    }
    return partial(leases.run_one, engine, handlers)


def _network(session: Session) -> Network | None:
    return session.exec(select(Network).where(Network.name == NAME)).first()


def _create(scope: CloudScope) -> None:
    if not _network(scope.session):
        region = scope.settings.home_region
        networks.create(scope, NewNetwork(name=NAME, region=region, availability_zones=1))


def _park(scope: CloudScope) -> None:
    networks.park(scope, NAME)


def _unpark(scope: CloudScope) -> None:
    networks.unpark(scope, NAME)


def _change(scope: CloudScope) -> None:
    network = networks.get(scope.session, NAME)
    if network.availability_zones == CHANGED_ZONES:
        return
    if not network.change:
        change.create(scope, NAME, NewChange(availability_zones=CHANGED_ZONES, nat=Nat.PER_AZ))
        drive(scope.session, scope.own, scope.settings)
    change.confirm(scope, NAME)


def _delete(scope: CloudScope) -> None:
    if _network(scope.session):
        networks.delete(scope, NAME, typed=NAME)


def release_all(scope: CloudScope) -> None:
    compare_with_aws(scope, Site(None, scope.settings.home_region))
    for address in scope.session.exec(select(Address)).all():
        addresses.release(scope, address.id, typed=address.public_ip or address.id)


OPERATIONS: dict[str, Callable[[CloudScope], None]] = {
    "create": _create,
    "park": _park,
    "unpark": _unpark,
    "change": _change,
    "delete": _delete,
    "release": release_all,
}
