"""A worker that does one thing with a network, and is killed at the AWS call it is told.

It is a process of its own, forked from one that has loaded everything already. What it does is what
the dashboard does: the service takes the click, the background steps go on with it.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
from sqlalchemy import update
from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.clients import Clients
from webapp.db import make_engine
from webapp.models import Address, Lease, Nat, Network, utc_now
from webapp.services import addresses, growth, leases, network_steps, networks
from webapp.settings import Settings

NAME = "swept"
ACTOR = "test"
POLL_S = 0.02
TIMEOUT_S = 60.0
GROWN = 2

BOTO = boto3.Session(region_name="eu-central-1")
"""Loaded before the fork: a client made from it costs milliseconds."""
for service in ("ec2", "cloudformation", "lambda", "service-quotas", "logs"):
    BOTO.client(service)


@dataclass(frozen=True)
class Kill:
    """`kill -9` right before the `call`th call to AWS is sent, or right after it was answered."""

    call: int
    after: bool


@dataclass(frozen=True)
class Job:
    """What one worker does; without `kill` it runs to its end."""

    settings: Settings
    aws_endpoint: str
    operation: str
    kill: Kill | None = None


def work(job: Job) -> None:
    """Click, then go on in the background until everything is settled."""
    settings = job.settings
    clients = Clients(job.aws_endpoint, _session(job.kill))
    cloud = Cloud.connect(poll_s=POLL_S, clients=clients)
    engine = make_engine(settings.database)
    with Session(engine, expire_on_commit=False) as session:
        outlive(session)
        drive(session, cloud, settings)
        OPERATIONS[job.operation](session, cloud, settings)
        drive(session, cloud, settings)
    engine.dispose()


def _session(kill: Kill | None) -> boto3.Session:
    if kill:
        BOTO.events.register("response-received" if kill.after else "before-send", _Killer(kill))
    return BOTO


class _Killer:
    def __init__(self, kill: Kill) -> None:
        self._left = kill.call

    def __call__(self, **_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def outlive(session: Session) -> None:
    """An hour later: leases of killed workers have run out, and what waited is due."""
    an_hour_ago = utc_now() - timedelta(hours=1)
    session.connection().execute(update(Lease).values(expires_at=0.0, due_at=0.0))
    session.connection().execute(update(Address).values(created_at=an_hour_ago))
    session.commit()


def drive(session: Session, cloud: Cloud, settings: Settings) -> None:
    """What the background loop does, until nothing is left to do; waits are virtual."""
    until = time.monotonic() + TIMEOUT_S
    while session.exec(select(Lease)).first():
        assert time.monotonic() < until, "it did not settle"
        if not one_step(session, cloud, settings):
            time.sleep(POLL_S)
            session.connection().execute(update(Lease).values(due_at=0.0))
            session.commit()
    session.expire_all()


def one_step(session: Session, cloud: Cloud, settings: Settings) -> bool:
    """False when nothing was due."""
    session.rollback()
    engine: Any = session.get_bind()
    return leases.run_one(engine, {"network": network_steps.step(cloud, settings)})


def _network(session: Session) -> Network | None:
    return session.exec(select(Network).where(Network.name == NAME)).first()


def _create(session: Session, cloud: Cloud, settings: Settings) -> None:
    if not _network(session):
        networks.create(
            session,
            cloud,
            settings,
            actor=ACTOR,
            name=NAME,
            region=settings.home_region,
            availability_zones=1,
        )


def _park(session: Session, cloud: Cloud, settings: Settings) -> None:
    networks.park(session, cloud, settings, actor=ACTOR, name=NAME)


def _unpark(session: Session, cloud: Cloud, settings: Settings) -> None:
    networks.unpark(session, cloud, settings, actor=ACTOR, name=NAME)


def _grow(session: Session, cloud: Cloud, settings: Settings) -> None:
    network = networks.get(session, NAME)
    if network.availability_zones == GROWN:
        return
    told: dict[str, Any] = {"actor": ACTOR, "name": NAME}
    if not network.change:
        growth.propose(session, cloud, settings, **told, availability_zones=GROWN, nat=Nat.PER_AZ)
        drive(session, cloud, settings)
    growth.confirm(session, cloud, settings, **told)


def _delete(session: Session, cloud: Cloud, settings: Settings) -> None:
    if _network(session):
        networks.destroy(session, cloud, settings, actor=ACTOR, name=NAME, typed=NAME)


def release_all(session: Session, cloud: Cloud, settings: Settings) -> None:
    addresses.look(session, cloud, settings.home_region)
    for address in session.exec(select(Address)).all():
        addresses.release(
            session, cloud, address.id, actor=ACTOR, typed=address.public_ip or address.id
        )


OPERATIONS: dict[str, Callable[[Session, Cloud, Settings], None]] = {
    "create": _create,
    "park": _park,
    "unpark": _unpark,
    "grow": _grow,
    "delete": _delete,
    "release": release_all,
}
