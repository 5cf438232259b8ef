"""A network parks by itself: outside its hours, and when nothing calls."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.dashboard import wait_for
from tests.services import rows
from tests.services.rows import a_network, add, an_address
from webapp.aws import Cloud
from webapp.errors import Invalid
from webapp.models import (
    AddressStatus,
    Network,
    NewNetwork,
    NewSchedule,
    Site,
    Status,
    WeeklyHours,
    utc_now,
)
from webapp.models.schedule import DAYS
from webapp.reconciler import Reconciler
from webapp.rendering.forms import validated
from webapp.scope import CloudScope
from webapp.services import networks
from webapp.services.audit import list_after
from webapp.services.networks import schedule
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
    background = Reconciler(engine, scope.own, scope.settings)
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
    return not networks.listing.page(session).rows


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


def test_it_parks_once_although_someone_changes_it_at_the_same_moment(
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
    wait_for(lambda: cloud.logs.ran_since(REGION, probe, hour_ago), 30)
    assert not cloud.logs.ran_since(REGION, probe, now + timedelta(minutes=1))
    assert not cloud.logs.ran_since(REGION, "never-made", now)


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
def test_hours_that_break_a_rule_are_refused_at_their_field(
    scope: CloudScope, wrong: dict[str, object], field: str
) -> None:
    add(scope.session, a_network("napping"))
    with pytest.raises(Invalid) as refused:
        hours = ALWAYS.model_dump() | wrong
        schedule.save(scope, "napping", validated(NewSchedule, {"hours": hours}))
    assert list(refused.value.errors) == [field]


def test_all_fields_that_break_a_rule_are_reported_at_once(offline: CloudScope) -> None:
    network = a_network("napping")
    add(offline.session, network)
    hours = WeeklyHours(time_zone="Mars/Base", days=(), start="8", end="24:00")
    with pytest.raises(Invalid) as refused:
        schedule.save(offline, "napping", NewSchedule(hours=hours, idle_hours=-1))
    fields = {"time_zone", "days", "start", "end", "idle_hours"}
    assert set(refused.value.errors) == fields
    assert network.hours == {}


@pytest.mark.parametrize(("idle_hours", "fits"), [(0, True), (720, True), (721, False)])
def test_a_network_may_idle_for_at_most_a_month(
    offline: CloudScope, idle_hours: int, fits: bool
) -> None:
    add(offline.session, a_network("napping", started_at=utc_now()))
    new = NewSchedule(idle_hours=idle_hours)
    if fits:
        assert schedule.save(offline, "napping", new).idle_hours == idle_hours
    else:
        with pytest.raises(Invalid):
            schedule.save(offline, "napping", new)


def test_a_saved_schedule_replaces_the_one_before(offline: CloudScope) -> None:
    network = a_network("napping", started_at=utc_now())
    add(offline.session, network)
    schedule.save(offline, "napping", NewSchedule(hours=ALWAYS, idle_hours=3))
    assert (network.weekly_hours, network.hours_include_now) == (ALWAYS, True)
    schedule.save(offline, "napping", NewSchedule())
    assert (network.weekly_hours, network.idle_hours) == (None, 0)
    assert network.hours_include_now is None


@pytest.mark.parametrize("status", [Status.CREATING, Status.UPDATING, Status.FAILED])
def test_a_network_that_is_busy_or_failed_is_left_alone(
    offline: CloudScope, status: Status
) -> None:
    network = a_network("napping", status=status, hours=outside().model_dump(mode="json"))
    add(offline.session, network)
    schedule.apply(offline, network, utc_now())
    assert (network.status, network.hours_include_now) == (status, None)


def test_what_the_schedule_does_is_recorded_under_its_own_name(offline: CloudScope) -> None:
    add(offline.session, a_network("napping", hours=outside().model_dump(mode="json")))
    schedule.apply_all(offline, Site(None, rows.REGION))
    events = list_after(offline.session, 0, limit=9)
    assert [(event.actor, event.action) for event in events] == [(schedule.BY_HOURS, "parking")]


def test_one_network_that_waits_does_not_hold_up_the_others(offline: CloudScope) -> None:
    lost = a_network("a-lost", status=Status.PARKED, hours=ALWAYS.model_dump(mode="json"))
    other = a_network("b-other", hours=outside().model_dump(mode="json"))
    add(offline.session, lost, other, an_address(lost, status=AddressStatus.LOST))
    schedule.apply_all(offline, Site(None, rows.REGION))
    assert (lost.status, other.status) == (Status.PARKED, Status.PARKING)
    assert lost.hours_include_now is None, "it is tried again at the next round"


def test_the_next_look_at_a_network_is_when_its_hours_begin_or_end() -> None:
    monday = datetime(2026, 11, 23, 7, tzinfo=UTC)
    office = WeeklyHours(time_zone="UTC", days=("mon",), start="08:00", end="18:00")
    hours = office.model_dump(mode="json")
    parked = a_network(hours=hours, hours_include_now=False)
    assert schedule.next_look(parked, monday) == monday + timedelta(hours=1)
    soon = monday + schedule.LOOK_EVERY
    assert schedule.next_look(a_network(hours=hours, idle_hours=1), monday) == soon
    assert schedule.next_look(a_network(hours=hours), monday) == soon, "it was not switched yet"
    assert schedule.next_look(a_network(), monday) is None


def test_the_next_change_of_a_region_is_that_of_its_first_network(session: Session) -> None:
    now = utc_now()
    looks = {"late": 3600, "early": 1800, "past": -60}
    add(session, *(a_network(n, look_at=now + timedelta(seconds=s)) for n, s in looks.items()))
    assert schedule.due_in_s(session, Site(None, rows.REGION), now) == 1800
    assert schedule.due_in_s(session, Site(None, "us-east-1"), now) is None


def test_a_network_without_a_schedule_is_looked_at_once(offline: CloudScope) -> None:
    network = a_network()
    add(offline.session, network)
    schedule.apply_all(offline, Site(None, rows.REGION))
    offline.session.refresh(network)
    assert (network.look_at, network.version) == (None, 1)
    network.protected = True
    offline.session.commit()
    assert network.look_at, "something of it has changed"
