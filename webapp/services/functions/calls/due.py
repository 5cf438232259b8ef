"""Which function is to be called by itself: by its schedule; otherwise once a day, or an hour after
a failure, so that somebody notices that its calls fail.

A function's row has the time at which to look at it, `look_at`; an index finds those whose time has
come, so a round looks at few functions, however many there are. Every change of a function makes it
due to be looked at; what changes around it, such as its network, is noticed at the next look. A
network that parks when it is idle is left alone, since the call would keep it up, but not where
there is a schedule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from webapp.models import Function, Network, Site, Status, utc_now
from webapp.services.engine.progress import RESULT_WITHIN
from webapp.services.functions.listing.rows import answers

ANSWER_AGE_MAX = timedelta(days=1)
FAILURE_AGE_MAX = timedelta(hours=1)
OVERDUE = timedelta(seconds=30)
"""Until a call that could not be made is tried again."""
BLOCKED = timedelta(minutes=5)
"""Until it is looked again at a function that cannot be called, or need not be."""
LOOKED_MAX = 200
"""Functions that are looked at together."""


@dataclass(frozen=True)
class Candidate:
    """What decides when a function is called."""

    id: str
    status: Status
    schedule: dict[str, int] | None
    updated_at: datetime
    network_status: Status
    idle_hours: int


def take(session: Session, site: Site) -> Function | None:
    """A function of the site that is due, the longest first; None when none is.

    It is put off, so that one that AWS keeps from running does not hold up the others. Commits.
    """
    while found := _to_look_at(session, site):
        now = utc_now()
        answered = answers(session, [each.id for each in found])
        waits = {each.id: wait(each, answered.get(each.id, {}), now) for each in found}
        due = next((id for id, left in waits.items() if left <= timedelta(0)), None)
        later = {id: left for id, left in waits.items() if left > timedelta(0)}
        _look_later(session, now, later | ({due: OVERDUE} if due else {}))
        session.commit()
        if due:
            return session.get(Function, due)
    return None


def next_s(session: Session, site: Site) -> float | None:
    """Seconds until the next function of the site with a schedule is looked at."""
    scheduled = (
        select(col(Function.look_at))
        .join(Network, col(Network.id) == col(Function.network_id))
        .where(_in_site(site), col(Function.schedule).is_not(None))
    )
    first = session.execute(scheduled.order_by(col(Function.look_at)).limit(1)).scalar()
    return None if first is None else (first - utc_now()).total_seconds()


def wait(each: Candidate, answered: Mapping[bool, datetime], now: datetime) -> timedelta:
    """How long until it is called; not more than 0 when it is due. `answered`: when the newest good
    answer came, and the newest other one."""
    good, failed = answered.get(True), answered.get(False)
    last = max(filter(None, (good, failed)), default=None)
    up = each.status is Status.READY and each.network_status is Status.READY
    is_new = last is None and now - each.updated_at < RESULT_WITHIN
    if not up or (not each.schedule and (each.idle_hours or is_new)):
        return BLOCKED
    if last is None:
        return timedelta(0)
    if each.schedule:
        return last + timedelta(minutes=each.schedule["every_minutes"]) - now
    return last + (ANSWER_AGE_MAX if last == good else FAILURE_AGE_MAX) - now


def _to_look_at(session: Session, site: Site) -> Sequence[Candidate]:
    names = ("id", "status", "schedule", "updated_at")
    columns = [getattr(Function, name) for name in names]
    query = select(*columns, col(Network.status), col(Network.idle_hours)).join(
        Network, col(Network.id) == col(Function.network_id)
    )
    due = query.where(_in_site(site), col(Function.look_at) <= utc_now())
    rows = session.execute(due.order_by(col(Function.look_at)).limit(LOOKED_MAX))
    return [Candidate(*row) for row in rows]


def _in_site(site: Site) -> Any:
    """The index is of functions, which have no region of their own."""
    return (col(Function.account_id) == site.account_id) & (col(Network.region) == site.region)


def _look_later(session: Session, now: datetime, waits: Mapping[str, timedelta]) -> None:
    """No change of the function: its version stays as it is."""
    table = Function.__table__
    later = update(table).where(table.c.id == bindparam("of")).values(look_at=bindparam("at"))
    rows = [{"of": id, "at": now + left} for id, left in waits.items()]
    if rows:
        session.connection().execute(later, rows)
