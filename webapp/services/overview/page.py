"""The first page: four steps until they are done, then status, cost and warnings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Select, String, cast, exists, false, or_, true
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from webapp.models import Function, Key, Network, Role, Snapshot, Status
from webapp.partners import partner
from webapp.services.functions.catalogue.template import NO_PREVIEW
from webapp.services.functions.listing.rows import FunctionRow, ListedFunction, in_networks
from webapp.services.functions.listing.rows import rows_query as functions_query
from webapp.services.networks.listing.rows import ListedNetwork, by_id
from webapp.services.networks.listing.rows import rows_query as networks_query
from webapp.services.overview import problems
from webapp.services.overview.alerts import Alert, alerts
from webapp.services.overview.problems import Problems
from webapp.services.overview.totals import Totals, totals

SHOWN_MAX = 10
"""Networks and functions; their own pages list all."""
LOOKED_MAX = 100
TABLES_MAX = 2
TABLE_ROWS_MAX = 10
CREATED = (Status.READY, Status.UPDATING, Status.PARKING, Status.PARKED, Status.UNPARKING)
"""A network of these statuses was once complete."""


@dataclass(frozen=True)
class SetupStep:
    title: str
    text: str
    href: str
    action: str
    done: bool
    role: Role = Role.VIEWER
    """Of those who may follow the link."""


@dataclass(frozen=True)
class Table:
    """The first rows of a function's last good snapshot."""

    detail: ListedFunction
    snapshot_id: str
    body: bytes = field(repr=False)
    settings: dict[str, Any]

    @property
    def rows(self) -> list[object]:
        """As the partner's adapter reads them."""
        adapter = partner(self.detail.template.partner)
        return list(adapter.rows(self.body, self.settings)[:TABLE_ROWS_MAX])


@dataclass(frozen=True)
class Health:
    """How many networks or functions are ready without a problem, and how many have one."""

    ready: int
    broken: int


@dataclass(frozen=True)
class Overview:
    """`networks` and `functions` are the first ones by name."""

    steps: list[SetupStep]
    totals: Totals
    networks: Sequence[ListedNetwork]
    functions: Sequence[ListedFunction]
    networks_health: Health
    functions_health: Health
    warnings: list[Alert]
    tables: list[Table]

    @property
    def monthly_cost_usd(self) -> float:
        return self.totals.monthly_cost_usd


def overview(session: Session) -> Overview:
    networks, functions = _first(session)
    figures = totals(session)
    of_networks, of_functions = problems.of_networks(session), problems.of_functions(session)
    return Overview(
        steps=_steps(session, networks, functions),
        totals=figures,
        networks=networks,
        functions=functions,
        networks_health=_health(figures.ready_networks, of_networks),
        functions_health=_health(figures.ready_functions, of_functions),
        warnings=alerts(session, figures, of_networks, of_functions),
        tables=list(_tables(session, functions)),
    )


def _first(session: Session) -> tuple[list[ListedNetwork], list[ListedFunction]]:
    """The first networks and functions by name; what belongs to them is read together."""
    first_networks, first_functions = _first_rows()
    networks = session.connection().execute(first_networks).all()
    found = session.connection().execute(first_functions).all()
    functions = [FunctionRow(*row) for row in found]
    ids = {row.id: None for row in networks} | {each.network_id: None for each in functions}
    every = by_id(session, ids)
    return [every[row.id] for row in networks], in_networks(session, functions, every)


@cache
def _first_rows() -> tuple[Select[Any], Select[Any]]:
    return (
        networks_query().order_by(col(Network.name)).limit(SHOWN_MAX),
        functions_query().order_by(col(Function.name)).limit(SHOWN_MAX),
    )


def _health(ready: int, found: Problems) -> Health:
    broken = found.by_status
    return Health(max(ready - broken[Status.READY], 0), broken.total())


def _steps(
    session: Session, in_use: Sequence[ListedNetwork], running: Sequence[ListedFunction]
) -> list[SetupStep]:
    """A network that was once created counts, whatever it is doing now."""
    created, has_keys, deployed, has_answer = session.connection().execute(_done()).one()
    created = created or any(each.network.was_created for each in in_use)
    return [
        SetupStep(
            "Create an egress network",
            "You get a fixed public address within seconds.",
            "/networks/new" if not in_use else f"/networks/{in_use[0].network.name}",
            "New network" if not in_use else "View progress",
            created,
            Role.VIEWER if in_use else Role.OPERATOR,
        ),
        SetupStep(
            "Get the address whitelisted and upload the key",
            "Create a key for the address in the partner's portal, then upload it.",
            "/keys/new",
            "New key",
            has_keys,
            Role.ADMIN,
        ),
        SetupStep(
            "Deploy a function",
            "Choose a template, the network and the key.",
            "/functions/new" if not running else f"/functions/{running[0].function.name}",
            "New function" if not running else "View progress",
            deployed,
            Role.VIEWER if running else Role.OPERATOR,
        ),
        SetupStep(
            "See the partner's response",
            "Fetched from your address, cached and shown as a table.",
            f"/functions/{running[0].function.name}" if running else "/functions",
            "View preview",
            has_answer,
        ),
    ]


@cache
def _done() -> Select[Any]:
    """Whether there is a network that was once created, a key, a function that is ready, and a good
    answer."""
    outputs = select(cast(col(Network.outputs), String).label("outputs"))
    some = outputs.where(col(Network.status).in_(CREATED)).limit(LOOKED_MAX).subquery()
    there: list[Any] = [
        exists().where(some.c.outputs != "{}"),
        exists().where(col(Key.id).is_not(None)),
        exists().where(col(Function.status) == Status.READY),
        exists().where(col(Snapshot.ok) == true()),
    ]
    return columns(*there)


def _tables(session: Session, running: Sequence[ListedFunction]) -> Iterator[Table]:
    shown = [f for f in running if f.fetched_at and f.template.preview != NO_PREVIEW][:TABLES_MAX]
    their_last = (
        (col(Snapshot.function_id) == each.function.id)
        & (col(Snapshot.fetched_at) == each.fetched_at)
        for each in shown
    )
    of_snapshot = (Snapshot.id, Snapshot.function_id, Snapshot.ok, Snapshot.body)
    wanted: tuple[Any, ...] = (*of_snapshot, Function.settings)
    last = (
        columns(*wanted)
        .join(Function, col(Function.id) == col(Snapshot.function_id))
        .where(or_(false(), *their_last))
    )
    read = session.execute(last) if shown else ()
    found = {of: (id, body, settings) for id, of, ok, body, settings in read if ok}
    for detail in shown:
        if detail.function.id in found:
            yield Table(detail, *found[detail.function.id])
