"""The overview's figures: how much there is, and what it costs.

They are exact while there are few rows. Where there are many, adding them up would make the page
the slower the more there are, so the figures are estimates: each replica adds up once a minute.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, case, func, select
from sqlmodel import Session, col

from webapp.database.columns import as_json, as_text
from webapp.database.queries import Query
from webapp.models import Address, AddressStatus, Function, Key, Nat, Network, Status
from webapp.models.costs import KMS_KEY_USD_PER_MONTH, SECRET_USD_PER_MONTH, monthly_usd
from webapp.models.network import UNDELETED_NAT_GATEWAY_IDS, NetworkFacts
from webapp.services.overview.facts import Facts

ESTIMATED_FOR_S = 60.0
NOTHING = "{}"
NUMBERS = ("functions", "ready", "used", "free", "keys")


@dataclass(frozen=True)
class Totals:
    """`about`: they may be a minute old. `ready` counts by status, whatever the health."""

    networks: int = 0
    ready_networks: int = 0
    functions: int = 0
    ready_functions: int = 0
    addresses_in_use: int = 0
    free_addresses: int = 0
    regions: int = 0
    monthly_cost_usd: float = 0.0
    about: bool = False


@dataclass
class Estimate:
    """The last figures of one database, and when they were added up."""

    totals: Totals | None = None
    at_s: float = 0.0
    adding: threading.Lock = field(default_factory=threading.Lock)


_estimates: "WeakKeyDictionary[Engine, Estimate]" = WeakKeyDictionary()


def totals(session: Session, known: Facts) -> Totals:
    if not known.are_many:
        return add_up(session)
    engine = session.get_bind().engine
    kept = _estimates.setdefault(engine, Estimate())
    if kept.totals and time.monotonic() - kept.at_s < ESTIMATED_FOR_S:
        return kept.totals
    if not kept.adding.acquire(blocking=kept.totals is None):
        return kept.totals or Totals()  # another request is adding up
    try:
        kept.totals, kept.at_s = add_up(session, about=True), time.monotonic()
    finally:
        kept.adding.release()
    return kept.totals


def add_up(session: Session, *, about: bool = False) -> Totals:
    """The figures as they are now, by two statements."""
    groups = [*_groups(session)]
    others = _others(session)
    in_networks = sum(group.monthly_cost_usd * group.number for group in groups)
    free_usd = others["free"] * monthly_usd(nat_gateways=0, addresses=1)
    networks, keys = sum(group.number for group in groups), others["keys"]
    keys_usd = keys * SECRET_USD_PER_MONTH + (KMS_KEY_USD_PER_MONTH if keys or networks else 0)
    return Totals(
        networks=networks,
        ready_networks=sum(g.number for g in groups if g.status is Status.READY),
        functions=others["functions"],
        ready_functions=others["ready"],
        addresses_in_use=others["used"],
        free_addresses=others["free"],
        regions=len({group.region for group in groups}),
        monthly_cost_usd=round(in_networks + free_usd + keys_usd, 2),
        about=about,
    )


@dataclass(frozen=True)
class _Group(NetworkFacts):
    """Networks that cost the same."""

    region: str
    status: Status
    nat: Nat
    availability_zones: int
    unwanted: bool
    change: dict[str, Any]
    outputs: dict[str, str]
    number: int
    reason: str = ""


def _groups(session: Session) -> Iterator[_Group]:
    """What a network costs follows from a few columns; only of those that are being deleted, have
    failed, or still have something of an update, its outputs matter."""
    for *plain, changed, put_out, number in _grouped().rows(session):
        region, status, nat, zones, unwanted = plain
        yield _Group(
            region=region,
            status=Status(status),
            nat=Nat(nat),
            availability_zones=zones,
            unwanted=bool(unwanted),
            change=as_json(changed),
            outputs=as_json(put_out),
            number=number,
        )


@cache
def _grouped() -> Query:
    change, outputs = as_text(col(Network.change)), as_text(col(Network.outputs))
    matter = (
        col(Network.unwanted)
        | (col(Network.status) == Status.FAILED)
        | outputs.contains(UNDELETED_NAT_GATEWAY_IDS)
    )
    columns: list[Any] = [
        col(Network.region),
        col(Network.status),
        col(Network.nat),
        col(Network.availability_zones),
        col(Network.unwanted),
        change,
        case((matter, outputs), else_=NOTHING),
    ]
    return Query(select(*columns, func.count()).group_by(*columns), raw=True)


def _others(session: Session) -> dict[str, int]:
    (numbers,) = _numbers().rows(session)
    return dict(zip(NUMBERS, numbers, strict=True))


@cache
def _numbers() -> Query:
    def number(column: Any, *conditions: Any) -> Any:
        return select(func.count(column)).where(*conditions).scalar_subquery()

    is_ready = col(Function.status) == Status.READY
    numbers: list[Any] = [
        number(col(Function.id)),
        number(col(Function.id), is_ready),
        number(col(Address.network_id)),
        number(col(Address.id), col(Address.status) == AddressStatus.FREE),
        number(col(Key.id)),
    ]
    return Query(select(*numbers), raw=True)
