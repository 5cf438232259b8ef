"""A network parks by itself: outside its hours, and when nothing calls."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.dashboard import wait_for
from webapp.aws import Cloud
from webapp.errors import Invalid
from webapp.forms import validated
from webapp.models import Nat, Network, NewNetwork, NewSchedule, Status, WeeklyHours, utc_now
from webapp.models.schedule import DAYS
from webapp.reconciler import Reconciler
from webapp.services import networks
from webapp.services.networks import schedule
from webapp.services.scope import CloudScope
from webapp.settings import Settings

REGION = "us-east-1"
ALWAYS = WeeklyHours(time_zone="UTC", days=DAYS, start="00:00", end="00:00")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"name_prefix": "parking"})


@pytest.fixture
def quick(cloud: Cloud) -> Cloud:
    return replace(cloud, poll_s=0.1)


@pytest.fixture
def scope(session: Session, quick: Cloud, settings: Settings) -> CloudScope:
    return CloudScope(session, "ada", quick, settings)


@pytest.fixture
def network(scope: CloudScope, session: Session, engine: Engine) -> Iterator[Network]:
    """One that is ready, with the background at work; it is deleted in the end."""
    background = Reconciler(engine, scope.cloud, scope.settings)
    background.start()
    made = networks.create(scope, NewNetwork(name="napping", region=REGION, availability_zones=1))
    settled(session, made, Status.READY)
    yield made
    networks.delete(scope, "napping", typed="napping")
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


def outside() -> WeeklyHours:
    """Hours of yesterday only, whatever day it is."""
    yesterday = DAYS[(utc_now() - timedelta(days=1)).weekday()]
    return WeeklyHours(time_zone="UTC", days=(yesterday,), start="08:00", end="09:00")


def test_it_parks_outside_its_hours_and_runs_inside_them(
    scope: CloudScope, session: Session, network: Network
) -> None:
    def apply() -> None:
        schedule.apply(scope, network, utc_now())

    def keep(hours: WeeklyHours) -> None:
        schedule.save(scope, "napping", NewSchedule(hours=hours))

    keep(outside())
    settled(session, network, Status.PARKED)
    networks.unpark(scope, "napping")
    settled(session, network, Status.READY)
    apply()
    assert network.status is Status.READY, "who unparks it by hand keeps it until the next edge"
    networks.park(scope, "napping")
    settled(session, network, Status.PARKED)
    keep(ALWAYS)
    settled(session, network, Status.READY)


def test_it_parks_once_although_somebody_changes_it_in_the_same_moment(
    scope: CloudScope, session: Session, network: Network, engine: Engine
) -> None:
    network.hours = outside().model_dump(mode="json")
    network.hours_include_now = True
    session.commit()
    assert network.status is Status.READY
    with Session(engine) as other:
        networks.get(other, "napping").idle_hours = 1
        other.commit()
    schedule.apply(scope, network, utc_now())
    settled(session, network, Status.PARKED)
    assert network.hours_include_now is False


def test_it_parks_when_nothing_has_called_for_its_idle_hours(
    scope: CloudScope, session: Session, network: Network
) -> None:
    schedule.save(scope, "napping", NewSchedule(idle_hours=2))
    assert network.status is Status.READY
    schedule.apply(scope, network, utc_now() + timedelta(hours=1))
    assert network.status is Status.READY
    schedule.apply(scope, network, utc_now() + timedelta(hours=3))
    settled(session, network, Status.PARKED)


def test_invocations_are_read_from_the_log(cloud: Cloud, network: Network) -> None:
    probe = network.output_list("ProbeFunctionNames")[0]
    now = utc_now()
    hour_ago = now - timedelta(hours=1)
    wait_for(lambda: cloud.functions.ran_since(REGION, probe, hour_ago), 30)
    assert not cloud.functions.ran_since(REGION, probe, now + timedelta(minutes=1))
    assert not cloud.functions.ran_since(REGION, "never-made", now)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"days": ()}, "days"),
        ({"days": ("someday",)}, "hours.days.0"),
        ({"start": "8"}, "start"),
        ({"end": "24:00"}, "end"),
    ],
)
def test_hours_that_no_clock_shows_are_refused(
    scope: CloudScope, wrong: dict[str, object], field: str
) -> None:
    scope.session.add(
        Network(
            name="napping", region=REGION, cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE
        )
    )
    scope.session.commit()
    with pytest.raises(Invalid) as refused:
        hours = ALWAYS.model_dump() | wrong
        schedule.save(scope, "napping", validated(NewSchedule, {"hours": hours}))
    assert list(refused.value.errors) == [field]
