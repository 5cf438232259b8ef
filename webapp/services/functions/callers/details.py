"""Callers as pages and the API show them: a row with what API Gateway counted for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from sqlmodel import Session, col, func, select

from webapp.aws import Cloud
from webapp.errors import EgretError, NotFound
from webapp.models import Caller, Function
from webapp.services.functions.details import network_of

USAGE_DAYS = 7
LISTED_MAX = 10
"""Callers on a page or in an answer. The usage of each is one call to AWS, which accepts ten of all
kinds per second from an account."""


@dataclass(frozen=True)
class CallerDetail:
    """`usage` has the calls of the last days in UTC, oldest first; None when AWS did not answer."""

    caller: Caller
    usage: dict[date, int] | None

    @property
    def today(self) -> int | None:
        return None if self.usage is None else [*self.usage.values()][-1]


@dataclass(frozen=True)
class CallersPage:
    """A page of callers by name; `next` is the name after which the next one begins."""

    callers: list[CallerDetail]
    next: str | None


def page(
    session: Session, cloud: Cloud, function: Function, after: str = "", limit: int = LISTED_MAX
) -> CallersPage:
    """The callers after that name with their usage, at most LISTED_MAX."""
    size = min(limit, LISTED_MAX)
    mine = select(Caller).where(Caller.function_id == function.id, Caller.name > after)
    rows = session.exec(mine.order_by(col(Caller.name)).limit(size + 1)).all()
    shown = rows[:size]
    return CallersPage(
        with_usage(session, cloud, function, shown),
        next=shown[-1].name if len(rows) > size else None,
    )


def list_all(session: Session, function: Function) -> list[Caller]:
    """By name."""
    mine = select(Caller).where(Caller.function_id == function.id)
    return list(session.exec(mine.order_by(col(Caller.name))).all())


def count(session: Session, function: Function) -> int:
    query = select(func.count()).select_from(Caller).where(Caller.function_id == function.id)
    return session.exec(query).one()


def find(session: Session, function: Function, name: str) -> Caller | None:
    mine = select(Caller).where(Caller.function_id == function.id, Caller.name == name)
    return session.exec(mine).first()


def get(session: Session, function: Function, name: str) -> Caller:
    caller = find(session, function, name)
    if caller is None:
        raise NotFound(
            f"The function {function.name} has no caller named {name}.",
            remedy="It may have been revoked.",
        )
    return caller


def detail(session: Session, cloud: Cloud, function: Function, name: str) -> CallerDetail:
    (found,) = with_usage(session, cloud, function, [get(session, function, name)])
    return found


def with_usage(
    session: Session, cloud: Cloud, function: Function, callers: Sequence[Caller]
) -> list[CallerDetail]:
    """The callers of one function; AWS is asked about all of them at the same time."""
    region = network_of(session, function).region
    if not callers:
        return []
    with cloud.threads() as threads:
        usages = [*threads.map(partial(_usage, cloud, region), callers)]
    return [CallerDetail(*each) for each in zip(callers, usages, strict=True)]


def _usage(cloud: Cloud, region: str, caller: Caller) -> dict[date, int] | None:
    last = datetime.now(UTC).date()
    first = last - timedelta(USAGE_DAYS - 1)
    if not caller.usage_plan_id:
        return None
    try:
        return cloud.callers.usage(region, caller.usage_plan_id, first, last)
    except EgretError:  # the rest of the page is right without it
        return None
