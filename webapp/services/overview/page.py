"""The first page: four steps until they are done, then status, cost and warnings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from webapp.database.columns import as_json, as_text
from webapp.database.queries import Query
from webapp.models import Function, Role, Snapshot, Status
from webapp.partners import partner
from webapp.services.functions.catalogue.template import NO_PREVIEW
from webapp.services.functions.catalogue.templates import Template, template_of
from webapp.services.functions.listing import ListedFunction
from webapp.services.functions.listing import pages as functions_listed
from webapp.services.networks.listing import ListedNetwork
from webapp.services.networks.listing import pages as networks_listed
from webapp.services.overview import problems
from webapp.services.overview.alerts import Alert, alerts
from webapp.services.overview.facts import Facts, facts
from webapp.services.overview.problems import Problems
from webapp.services.overview.totals import Totals, totals

SHOWN_MAX = 10
"""Networks and functions; their own pages list all."""
TABLES_MAX = 2
TABLE_ROWS_MAX = 10


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
    template: Template
    snapshot_id: str
    settings: str
    """JSON."""


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
    networks = networks_listed.LISTING.first(session, networks_listed.BY_NAME, {}, SHOWN_MAX)
    functions = functions_listed.LISTING.first(session, functions_listed.BY_NAME, {}, SHOWN_MAX)
    known = facts(session)
    figures = totals(session, known)
    of_networks, of_functions = problems.found(session)
    return Overview(
        steps=_steps(known, networks, functions),
        totals=figures,
        networks=networks,
        functions=functions,
        networks_health=_health(figures.ready_networks, of_networks),
        functions_health=_health(figures.ready_functions, of_functions),
        warnings=alerts(session, known, figures, of_networks, of_functions),
        tables=list(_tables(session, functions)),
    )


def first_rows(session: Session, table: Table) -> list[object]:
    """As the partner's adapter reads them."""
    body = session.get_one(Snapshot, table.snapshot_id).body
    adapter = partner(table.template.partner)
    return list(adapter.rows(body, as_json(table.settings))[:TABLE_ROWS_MAX])


def _health(ready: int, found: Problems) -> Health:
    broken = found.by_status
    return Health(max(ready - broken[Status.READY], 0), broken.total())


def _steps(
    known: Facts, in_use: Sequence[ListedNetwork], running: Sequence[ListedFunction]
) -> list[SetupStep]:
    """A network that was once created counts, whatever it is doing now."""
    created = known.created or any(each.network.was_created for each in in_use)
    return [
        SetupStep(
            "Create an egress network",
            "You get a fixed public address within seconds.",
            "/networks/new" if not in_use else f"/networks/{in_use[0].name}",
            "New network" if not in_use else "View progress",
            created,
            Role.VIEWER if in_use else Role.OPERATOR,
        ),
        SetupStep(
            "Get the address whitelisted and upload the key",
            "Create a key for the address in the partner's portal, then upload it.",
            "/keys/new",
            "New key",
            known.keys,
            Role.ADMIN,
        ),
        SetupStep(
            "Deploy a function",
            "Choose a template, the network and the key.",
            "/functions/new" if not running else f"/functions/{running[0].name}",
            "New function" if not running else "View progress",
            known.functions_ready,
            Role.VIEWER if running else Role.OPERATOR,
        ),
        SetupStep(
            "See the partner's response",
            "Fetched from your address, cached and shown as a table.",
            f"/functions/{running[0].name}" if running else "/functions",
            "View preview",
            known.answers,
        ),
    ]


def _tables(session: Session, running: Sequence[ListedFunction]) -> Iterator[Table]:
    answered = [(each, template_of(each.template)) for each in running if each.good_at]
    shown = [pair for pair in answered if pair[1].preview != NO_PREVIEW][:TABLES_MAX]
    ids = [each.id for each, _ in shown]
    read = _last_good().rows(session, ids=ids) if shown else ()
    found = {function_id: columns for function_id, *columns in read}
    for each, template in shown:
        if each.id in found:
            yield Table(each, template, *found[each.id])


@cache
def _last_good() -> Query:
    """The newest good answers of some functions, with the settings of these."""
    other: Any = aliased(Snapshot)
    newest = (
        select(func.max(other.fetched_at))
        .where(other.function_id == col(Function.id), other.ok == true())
        .correlate(Function)
        .scalar_subquery()
    )
    last: list[Any] = [col(Function.id), col(Snapshot.id), as_text(col(Function.settings))]
    return Query(
        select(*last)
        .join_from(Function, Snapshot, col(Snapshot.function_id) == col(Function.id))
        .where(
            col(Function.id).in_(bindparam("ids", expanding=True)),
            col(Snapshot.ok) == true(),
            col(Snapshot.fetched_at) == newest,
        ),
        raw=True,
    )
