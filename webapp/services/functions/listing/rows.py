"""What lists show of functions, read as columns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from webapp.models import Function, Snapshot, Status
from webapp.services.functions.catalogue.templates import Template, template_of
from webapp.services.inspection import health
from webapp.services.inspection.health import Health
from webapp.services.networks.listing import ListedNetwork
from webapp.services.networks.listing.rows import IDS, by_id


@dataclass(frozen=True)
class FunctionRow:
    id: str
    name: str
    status: Status
    reason: str
    template: str
    network_id: str


@dataclass(frozen=True)
class ListedFunction:
    """`fetched_at` is when the newest good answer came; `failed`: the newest one is no success."""

    function: FunctionRow
    network: ListedNetwork
    fetched_at: datetime | None
    failed: bool

    @property
    def template(self) -> Template:
        return template_of(self.function.template)

    @cached_property
    def health(self) -> Health:
        network = self.network
        return health.of_function(
            self.function, network.network, network.health, failed=self.failed
        )


@cache
def rows_query() -> Select[Any]:
    """Selects what a `FunctionRow` has, in that order."""
    columns = ("id", "name", "status", "reason", "template", "network_id")
    query: Select[Any] = select(*(getattr(Function, name) for name in columns))
    return query


def listed(session: Session, rows: Iterable[Any]) -> list[ListedFunction]:
    """What `rows_query` has found, with their networks and the times of their answers."""
    functions = [FunctionRow(*row) for row in rows]
    return in_networks(session, functions, by_id(session, (f.network_id for f in functions)))


def in_networks(
    session: Session, functions: Sequence[FunctionRow], networks: Mapping[str, ListedNetwork]
) -> list[ListedFunction]:
    """The same with their networks, by id."""
    answered = answers(session, [each.id for each in functions])
    found = []
    for function in functions:
        good, bad = answered[function.id].get(True), answered[function.id].get(False)
        failed = bad is not None and (good is None or bad > good)
        found.append(ListedFunction(function, networks[function.network_id], good, failed))
    return found


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
