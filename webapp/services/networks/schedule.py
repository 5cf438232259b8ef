"""The schedule: a network is parked outside its weekly hours, and after some idle hours.

The hours act when they are saved, begin or end, not in between: a network that someone unparks in
the evening runs until the hours next end. A network that was parked because it was idle is
unparked when its hours begin, or by a person.
"""

import logging
import re
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import available_timezones

from sqlalchemy import update
from sqlmodel import Session, col, select

from webapp.errors import EgretError, Invalid, check_all
from webapp.models import Function, Network, NewSchedule, Site, Status, WeeklyHours, utc_now
from webapp.models.function import in_networks
from webapp.models.rules import CLOCK, IDLE_HOURS_MAX
from webapp.models.schedule import DAYS
from webapp.scope import CloudScope
from webapp.services.networks.details import get
from webapp.services.networks.lifecycle import park, unpark

SWITCHABLE = (Status.READY, Status.PARKED)
BY_HOURS = "schedule"
BY_IDLENESS = "idle"
"""The actors of what the schedule does, in the audit trail."""

LOOKED_MAX = 100
"""Networks that are read together."""
LOOK_EVERY = timedelta(minutes=5)
"""How often it is looked whether a network is idle, or can be switched now."""

log = logging.getLogger("egret.schedule")


def save(scope: CloudScope, name: str, new: NewSchedule) -> Network:
    """Replace the network's schedule, and apply it at once."""
    network = get(scope.session, name)
    _check(new)
    network.hours = new.hours.model_dump(mode="json") if new.hours else {}
    network.hours_include_now = None
    network.idle_hours = new.idle_hours
    scope.record("schedule", network)
    scope.session.commit()
    now = utc_now()
    apply(scope, network, now)
    _look_later(scope.session, network, now)
    return network


def apply_all(scope: CloudScope, site: Site) -> None:
    """Apply the schedules of the networks of the site that are due to be looked at."""
    now = utc_now()
    due = select(Network).where(site.holds(Network), col(Network.look_at) <= now)
    while found := scope.session.exec(due.order_by(col(Network.look_at)).limit(LOOKED_MAX)).all():
        for network in found:
            _apply_one(scope, network, now)


def apply(scope: CloudScope, network: Network, now: datetime) -> None:
    """Park or unpark the network if that is due at `now`, unless it is busy or failed."""
    if network.status not in SWITCHABLE:
        return
    inside = network.weekly_hours.include(now) if network.weekly_hours else None
    if inside != network.hours_include_now:
        network.hours_include_now = inside
        if inside is not None:  # what was seen is committed together with what follows from it
            switch = unpark if inside else park
            switch(scope.acting_as(BY_HOURS), network.name)
            # `retry_on_conflict` may have rolled the first assignment back.
            network.hours_include_now = inside
        scope.session.commit()
    elif network.status is Status.READY and _is_idle(scope, network, now):
        park(scope.acting_as(BY_IDLENESS), network.name)


def due_in_s(session: Session, site: Site, now: datetime) -> float | None:
    """Seconds until the next time to look at a network of the site; None without any. What is due
    already is looked at in the next round, whenever that is."""
    times = select(Network.look_at).where(site.holds(Network), col(Network.look_at) > now)
    first = session.exec(times.order_by(col(Network.look_at)).limit(1)).first()
    return (first - now).total_seconds() if first else None


def next_look(network: Network, now: datetime) -> datetime | None:
    """When its hours begin or end; sooner while it may become idle or was not switched yet."""
    hours = network.weekly_hours
    edge = hours.next_change(now) if hours else None
    waits = hours is not None and network.hours_include_now != hours.include(now)
    times = [edge, now + LOOK_EVERY if network.idle_hours or waits else None]
    return min(filter(None, times), default=None)


def _apply_one(scope: CloudScope, network: Network, now: datetime) -> None:
    id, name = network.id, network.name
    try:
        apply(scope, network, now)
    except EgretError as error:
        scope.session.rollback()
        log.warning("the schedule of %s waits: %s", name, error)
    there = scope.session.get(Network, id)
    if there:
        _look_later(scope.session, there, now)


def _look_later(session: Session, network: Network, now: datetime) -> None:
    """No change of the network: its version stays as it is."""
    at = next_look(network, now)
    later = update(Network).where(col(Network.id) == network.id).values(look_at=at)
    session.connection().execute(later)
    session.commit()


def _is_idle(scope: CloudScope, network: Network, now: datetime) -> bool:
    """Whether it has been up, without a call of its functions, for its idle hours."""
    since = now - timedelta(hours=network.idle_hours)
    if not network.idle_hours or network.started_at > since:
        return False
    logs = scope.cloud_of(network).logs
    functions = select(Function).where(in_networks([network.id]))
    return not any(
        logs.ran_since(network.region, function.lambda_name, since)
        for function in scope.session.exec(functions)
        if function.lambda_name
    )


def _check(new: NewSchedule) -> None:
    check_all(
        lambda: _check_idle_hours(new.idle_hours),
        *(partial(rule, new.hours) for rule in HOURS_RULES if new.hours),
    )


def _check_idle_hours(idle_hours: int) -> None:
    if not 0 <= idle_hours <= IDLE_HOURS_MAX:
        raise Invalid(f"From 0 (never) to {IDLE_HOURS_MAX} hours.", field="idle_hours")


def _check_time_zone(hours: WeeklyHours) -> None:
    if hours.time_zone not in available_timezones():
        raise Invalid(
            f"There is no time zone {hours.time_zone!r}. Write it like Europe/Berlin.",
            field="time_zone",
        )


def _check_days(hours: WeeklyHours) -> None:
    if not hours.days:
        raise Invalid(f"Choose one or more of: {', '.join(DAYS)}.", field="days")


def _check_start(hours: WeeklyHours) -> None:
    _check_clock(hours.start, "start")


def _check_end(hours: WeeklyHours) -> None:
    _check_clock(hours.end, "end")


def _check_clock(text: str, field: str) -> None:
    if not re.fullmatch(CLOCK, text):
        raise Invalid("Write a time like 08:00.", field=field)


HOURS_RULES = (_check_time_zone, _check_days, _check_start, _check_end)
