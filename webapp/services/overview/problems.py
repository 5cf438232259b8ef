"""What has a problem, found by indexes: what is well is not looked at, however much there is of it.

They are the rules of `inspection.health`. The database finds what may have a problem by the one
column that tells; what its other columns say is checked here, because a condition on a status would
lead the database to read all that have the status.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, case, false, literal, literal_column, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from webapp.database.columns import Raw
from webapp.database.queries import Query
from webapp.lists.counts import COUNTED_MAX
from webapp.models import Address, AddressStatus, Function, Nat, Network, Proof, Snapshot, Status
from webapp.services.inspection.health import IN_SERVICE

FAILED, TOLD, LOST, BROKEN, CALLS, OUTSIDE = "failed", "told", "lost", "broken", "calls", "outside"
"""Kinds of problems: it failed; its last update did; an address is lost; a zone is broken; calls
fail; its network is not in service."""
STATUSES = {
    FAILED: (Status.FAILED,),
    TOLD: (Status.READY,),
    LOST: (*IN_SERVICE, Status.PARKED),
    BROKEN: IN_SERVICE,
    CALLS: IN_SERVICE,
    OUTSIDE: IN_SERVICE,
}
"""In which statuses it is one. For a function, LOST and BROKEN are of its network."""
OUT_OF_SERVICE = tuple(status for status in Status if status not in IN_SERVICE)
NETWORK, FUNCTION = "network", "function"
Model = type[Network] | type[Function]


@dataclass(frozen=True)
class Problems:
    """Ids by kind, of each so many at most; and how many rows have a problem, by status."""

    ids: defaultdict[str, list[str]]
    by_status: Counter[Status]

    def __bool__(self) -> bool:
        return bool(self.by_status)


def found(session: Session) -> tuple[Problems, Problems]:
    """Of networks, and of functions, by one statement. A function has the problems of its network
    as well, but for its updates."""
    rows = _statement().rows(session)
    return (
        _sorted([row for row in rows if row[0] == NETWORK], in_networks=()),
        _sorted([row for row in rows if row[0] == FUNCTION], in_networks=(LOST, BROKEN)),
    )


def lost_addresses() -> Select[Any]:
    """Ids of the networks with an address that is lost, of those that calls come from."""
    gateways = case((col(Network.nat) == Nat.PER_AZ, col(Network.availability_zones)), else_=1)
    return (
        select(col(Network.id))
        .join_from(Address, Network, col(Network.id) == col(Address.network_id))
        .where(col(Address.status) == AddressStatus.LOST, col(Address.position) < gateways)
    )


def broken_zones() -> Select[Any]:
    """Ids of the networks with a zone whose newest proof is not good."""
    newer: Any = aliased(Proof)
    is_old = select(newer.id).where(
        newer.network_id == col(Proof.network_id),
        newer.availability_zone == col(Proof.availability_zone),
        newer.at > col(Proof.at),
    )
    return select(col(Proof.network_id)).where(
        or_(col(Proof.seen_ip).is_(None), col(Proof.seen_ip) != col(Proof.expected_ip)),
        ~is_old.correlate(Proof).exists(),
    )


def failing_calls() -> Select[Any]:
    """Ids of the functions whose newest answer is no success."""
    newer: Any = aliased(Snapshot)
    is_old = select(newer.id).where(
        newer.function_id == col(Snapshot.function_id), newer.fetched_at > col(Snapshot.fetched_at)
    )
    return select(col(Snapshot.function_id)).where(
        col(Snapshot.ok) == false(), ~is_old.correlate(Snapshot).exists()
    )


def _failed(model: Model) -> Select[Any]:
    return select(col(model.id)).where(col(model.status) == Status.FAILED)


def _told(model: Model) -> Select[Any]:
    """What a reason is given for: the condition of a partial index, written out as there."""
    return select(col(model.id)).where(col(model.reason) != literal_column("''"))


def _inside(networks: Select[Any]) -> Select[Any]:
    some = networks.limit(COUNTED_MAX + 1).subquery()
    return select(col(Function.id)).where(
        col(Function.network_id).in_(select(some.exported_columns.values()[0]))
    )


def _queries(model: Model) -> dict[str, Select[Any]]:
    queries = {FAILED: _failed(model), TOLD: _told(model)}
    if model is Network:
        return queries | {LOST: lost_addresses(), BROKEN: broken_zones()}
    outside = select(col(Network.id)).where(col(Network.status).in_(OUT_OF_SERVICE))
    return queries | {
        CALLS: failing_calls(),
        OUTSIDE: _inside(outside),
        LOST: _inside(lost_addresses()),
        BROKEN: _inside(broken_zones()),
    }


@cache
def _statement() -> Query:
    """Nouns, ids, statuses and kinds of problems."""
    return Query(
        union_all(_with_problems(NETWORK, Network), _with_problems(FUNCTION, Function)),
        raw=True,
    )


def _with_problems(noun: str, model: Model) -> Select[Any]:
    kinds = []
    for kind, query in _queries(model).items():
        some = query.limit(COUNTED_MAX + 1).subquery()
        columns = (some.exported_columns.values()[0].label("id"), literal(kind).label("kind"))
        kinds.append(select(*columns))
    every = union_all(*kinds).subquery()
    those: list[Any] = [literal(noun), col(model.id), col(model.status), every.c.kind]
    return select(*those).join_from(every, model, col(model.id) == every.c.id)


def _sorted(rows: Iterable[Raw], *, in_networks: Iterable[str]) -> Problems:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    statuses: dict[str, Status] = {}
    for _noun, id, stored, kind in rows:
        status = Status(stored)
        if status in (IN_SERVICE if kind in in_networks else STATUSES[kind]):
            ids[kind].append(id)
            statuses[id] = status
    return Problems(ids, Counter(statuses.values()))
