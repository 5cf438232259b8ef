"""What lists show of functions: columns as the database gives them, and what they say."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, false, func, select, true
from sqlmodel import Session, col

from webapp.database.columns import Raw, When, as_time
from webapp.models import Account, Function, Network, Snapshot, Status
from webapp.services.functions.catalogue.templates import template_of
from webapp.services.inspection import health
from webapp.services.inspection.health import Health
from webapp.services.networks.listing.rows import ListedNetwork
from webapp.services.networks.listing.rows import selected as network_columns

IDS: BindParameter[Any] = bindparam("ids", expanding=True)


@dataclass(frozen=True)
class FunctionRow:
    id: str
    name: str
    status: Status
    reason: str
    template: str


class _Columns(NamedTuple):
    """`good_at` and `bad_at` are when the newest answer came that was a success, or none.
    `in_network` has the columns of its network, `title` is its template's."""

    id: str
    name: str
    status: str
    reason: str
    template: str
    good_at: When | None
    bad_at: When | None
    in_network: Raw
    title: str


TEMPLATE, ANSWERED, OWN = map(_Columns._fields.index, ("template", "good_at", "in_network"))


class ListedFunction(_Columns):
    """A row of `rows_query`, and all that it says."""

    @cached_property
    def function(self) -> FunctionRow:
        return FunctionRow(self.id, self.name, Status(self.status), self.reason, self.template)

    @cached_property
    def network(self) -> ListedNetwork:
        return ListedNetwork._make(self.in_network)

    @cached_property
    def fetched_at(self) -> datetime | None:
        """When the newest good answer came."""
        return as_time(self.good_at) if self.good_at else None

    @property
    def failed(self) -> bool:
        """Whether the newest answer is no success."""
        if not self.bad_at:
            return False
        return not self.good_at or as_time(self.bad_at) > as_time(self.good_at)

    @cached_property
    def health(self) -> Health:
        network = self.network
        return health.of_function(
            self.function, network.network, network.health, failed=self.failed
        )


def read(row: Raw) -> ListedFunction:
    title = template_of(row[TEMPLATE]).title
    return ListedFunction._make((*row[:OWN], row[OWN:], title))


@cache
def rows_query() -> Select[Any]:
    """Selects a `ListedFunction`, with the columns of its network."""
    own = [getattr(Function, name) for name in _Columns._fields[:ANSWERED]]
    answered = _newest_of(true(), "good_at"), _newest_of(false(), "bad_at")
    query: Select[Any] = select(*own, *answered, *network_columns())
    return query.join_from(
        Function, Network, col(Network.id) == col(Function.network_id)
    ).outerjoin(Account, col(Account.id) == col(Network.account_id))


def answers(session: Session, ids: Sequence[str]) -> defaultdict[str, dict[bool, datetime]]:
    """When the newest good answer of each came, and the newest other one."""
    found: defaultdict[str, dict[bool, datetime]] = defaultdict(dict)
    rows = session.connection().execute(_newest(), {"ids": ids}) if ids else ()
    for function_id, ok, at in rows:
        found[function_id][ok] = at
    return found


@cache
def _newest() -> Select[Any]:
    of: list[Any] = [col(Snapshot.function_id), col(Snapshot.ok)]
    newest = select(*of, func.max(Snapshot.fetched_at))
    return newest.where(of[0].in_(IDS)).group_by(*of)


def _newest_of(is_good: Any, name: str) -> Any:
    mine = select(func.max(Snapshot.fetched_at)).where(
        col(Snapshot.function_id) == col(Function.id), col(Snapshot.ok) == is_good
    )
    return mine.correlate(Function).scalar_subquery().label(name)
