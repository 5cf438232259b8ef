"""A network parks by itself: outside its hours, and when nothing calls."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.dashboard import wait_for
from webapp.aws import Cloud
from webapp.errors import Invalid
from webapp.models import Nat, Network, Status, utc_now
from webapp.models.hours import DAYS, Hours
from webapp.reconciler import Reconciler
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import schedule as parking
from webapp.settings import Settings

REGION = "us-east-1"
ALWAYS = Hours("UTC", DAYS, "00:00", "00:00")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"name_prefix": "parking"})


@pytest.fixture
def quick(cloud: Cloud) -> Cloud:
    return replace(cloud, poll_s=0.1)


@pytest.fixture
def network(
    session: Session, quick: Cloud, settings: Settings, engine: Engine
) -> Iterator[Network]:
    """One that is ready, with the background at work; it is deleted in the end."""
    background = Reconciler(engine, quick, settings)
    background.start()
    made = networks.create(
        session, quick, settings, actor="test", name="napping", region=REGION, availability_zones=1
    )
    settled(session, made, Status.READY)
    yield made
    networks.destroy(session, quick, settings, actor="test", name="napping", typed="napping")
    wait_for(lambda: gone(session), 60)
    background.stop()


def settled(session: Session, network: Network, status: Status) -> None:
    def reached() -> bool:
        session.rollback()
        session.refresh(network)
        return network.status is status

    wait_for(reached, 60)


def gone(session: Session) -> bool:
    session.rollback()
    return not networks.list_all(session)


def outside() -> Hours:
    """Hours of yesterday only, whatever day it is."""
    yesterday = DAYS[(utc_now() - timedelta(days=1)).weekday()]
    return Hours("UTC", (yesterday,), "08:00", "09:00")


def test_it_parks_outside_its_hours_and_runs_inside_them(
    session: Session, quick: Cloud, settings: Settings, network: Network
) -> None:
    def apply() -> None:
        parking.apply(session, quick, settings, network, utc_now())

    def keep(hours: Hours) -> None:
        parking.set_schedule(session, quick, settings, actor="ada", name="napping", hours=hours)

    keep(outside())
    settled(session, network, Status.PARKED)
    networks.unpark(session, quick, settings, actor="ada", name="napping")
    settled(session, network, Status.READY)
    apply()
    assert network.status is Status.READY, "who unparks it by hand keeps it until the next edge"
    networks.park(session, quick, settings, actor="ada", name="napping")
    settled(session, network, Status.PARKED)
    keep(ALWAYS)
    settled(session, network, Status.READY)


def test_it_parks_once_although_somebody_changes_it_in_the_same_moment(
    session: Session, quick: Cloud, settings: Settings, network: Network, engine: Engine
) -> None:
    network.hours = asdict(outside()) | {"days": list(outside().days)}
    network.hours_include_now = True
    session.commit()
    assert network.status is Status.READY
    with Session(engine) as other:
        networks.get(other, "napping").idle_hours = 1
        other.commit()
    parking.apply(session, quick, settings, network, utc_now())
    settled(session, network, Status.PARKED)
    assert network.hours_include_now is False


def test_it_parks_when_nothing_has_called_for_its_idle_hours(
    session: Session, quick: Cloud, settings: Settings, network: Network
) -> None:
    parking.set_schedule(
        session, quick, settings, actor="ada", name="napping", hours=None, idle_hours=2
    )
    assert network.status is Status.READY
    parking.apply(session, quick, settings, network, utc_now() + timedelta(hours=1))
    assert network.status is Status.READY
    parking.apply(session, quick, settings, network, utc_now() + timedelta(hours=3))
    settled(session, network, Status.PARKED)


def test_invocations_are_read_from_the_log(cloud: Cloud, network: Network) -> None:
    probe = network.output_list("ProbeFunctionNames")[0]
    now = utc_now()
    hour_ago = now - timedelta(hours=1)
    wait_for(lambda: cloud.functions.ran_since(REGION, probe, hour_ago), 30)
    assert not cloud.functions.ran_since(REGION, probe, now + timedelta(minutes=1))
    assert not cloud.functions.ran_since(REGION, "never-made", now)


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        (replace(ALWAYS, time_zone="Mars/Base"), "time_zone"),
        (replace(ALWAYS, days=()), "days"),
        (replace(ALWAYS, days=("someday",)), "days"),
        (replace(ALWAYS, start="8"), "start"),
        (replace(ALWAYS, end="24:00"), "end"),
    ],
)
def test_hours_that_no_clock_shows_are_refused(
    session: Session, quick: Cloud, settings: Settings, hours: Hours, field: str
) -> None:
    session.add(
        Network(
            name="napping", region=REGION, cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
        )
    )
    session.commit()
    with pytest.raises(Invalid) as refused:
        parking.set_schedule(session, quick, settings, actor="ada", name="napping", hours=hours)
    assert field in refused.value.errors
