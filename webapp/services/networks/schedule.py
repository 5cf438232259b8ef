"""Parking by itself: outside weekly hours, and when nothing has called for some hours.

The hours act when they begin and when they end, and not in between: who unparks a network in the
evening keeps it until the hours end the next time. A network that was parked because it was idle
is unparked by its hours, or by a person.
"""

import logging
import re
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.errors import EgretError, Invalid
from webapp.models import Function, Network, Status, utc_now
from webapp.models.hours import DAYS, Hours
from webapp.services import audit
from webapp.services.networks import lifecycle as networks
from webapp.settings import Settings

CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
IDLE_HOURS_MAX = 24 * 30
SETTLED = (Status.READY, Status.PARKED)

log = logging.getLogger("egret.parking")


def set_schedule(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    hours: Hours | None,
    idle_hours: int = 0,
) -> Network:
    """Hours or none, and after how many idle ones it is parked (0: never). They hold at once."""
    network = networks.get(session, name)
    if hours:
        _check(hours)
    if not 0 <= idle_hours <= IDLE_HOURS_MAX:
        raise Invalid(f"From 0 (never) to {IDLE_HOURS_MAX} hours.", field="idle_hours")
    network.hours = asdict(hours) | {"days": list(hours.days)} if hours else {}
    network.hours_include_now = None
    network.idle_hours = idle_hours
    audit.record(session, actor=actor, action="schedule", noun="network", name=name)
    session.commit()
    apply(session, cloud, settings, network, utc_now())
    return network


def apply_all(session: Session, cloud: Cloud, settings: Settings, region: str) -> None:
    """Park and unpark the region's networks as their hours and their idleness say, now."""
    for network in session.exec(select(Network).where(Network.region == region)).all():
        try:
            apply(session, cloud, settings, network, utc_now())
        except EgretError as error:
            session.rollback()
            log.warning("the schedule of %s waits: %s", network.name, error.detail)


def apply(
    session: Session, cloud: Cloud, settings: Settings, network: Network, now: datetime
) -> None:
    """Do what is due for one network at `now`. One that is busy is looked at the next time."""
    if network.status not in SETTLED:
        return
    inside = network.weekly_hours.include(now) if network.weekly_hours else None
    if inside != network.hours_include_now:
        network.hours_include_now = inside
        if inside is not None:  # what was seen is committed together with what follows from it
            switch = networks.unpark if inside else networks.park
            switch(session, cloud, settings, actor="schedule", name=network.name)
            network.hours_include_now = inside  # lost, if somebody clicked in the same moment
        session.commit()
    elif network.status is Status.READY and _idle(session, cloud, network, now):
        networks.park(session, cloud, settings, actor="idle", name=network.name)


def due_in_s(session: Session, region: str, now: datetime) -> float | None:
    """Seconds until the next hours of a network in the region begin or end."""
    scheduled = session.exec(select(Network).where(Network.region == region)).all()
    edges = [n.weekly_hours.next_change(now) for n in scheduled if n.weekly_hours]
    return min(((edge - now).total_seconds() for edge in edges if edge), default=None)


def _idle(session: Session, cloud: Cloud, network: Network, now: datetime) -> bool:
    """Whether no function of the network ran for its idle hours, all of which it was up."""
    since = now - timedelta(hours=network.idle_hours)
    if not network.idle_hours or network.started_at > since:
        return False
    functions = select(Function).where(Function.network_id == network.id)
    return not any(
        cloud.functions.ran_since(network.region, function.lambda_name, since)
        for function in session.exec(functions)
        if function.lambda_name
    )


def _check(hours: Hours) -> None:
    if hours.time_zone not in available_timezones():
        raise Invalid(
            f"There is no time zone {hours.time_zone!r}. Write it like Europe/Berlin.",
            field="time_zone",
        )
    if not hours.days or not set(hours.days) <= set(DAYS):
        raise Invalid(f"Choose one or more of: {', '.join(DAYS)}.", field="days")
    for field in ("start", "end"):
        if not CLOCK.fullmatch(getattr(hours, field)):
            raise Invalid("Write a time like 08:00.", field=field)
