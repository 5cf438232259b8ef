"""What the overview warns of, worst first: a few of each kind, and where the others are listed."""

import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from webapp.models import (
    Access,
    Address,
    AddressStatus,
    Function,
    Network,
    Proof,
    Snapshot,
    Status,
)
from webapp.services.functions import previews
from webapp.services.inspection import health, proofs
from webapp.services.overview import problems
from webapp.services.overview.facts import Facts
from webapp.services.overview.problems import Problems
from webapp.services.overview.totals import Totals

SHOWN_MAX = 10
"""Alerts of each kind."""
REASON_MAX_CHARS = 160


@dataclass(frozen=True)
class Alert:
    """`level` is error, warning or info."""

    level: str
    text: str
    href: str
    action: str


def alerts(
    session: Session, known: Facts, totals: Totals, networks: Problems, functions: Problems
) -> list[Alert]:
    """With those problems of networks and functions that need words."""
    return [
        *(_lost(session) if known.lost_addresses else ()),
        *(_failed(session, Network) if networks.ids[problems.FAILED] else ()),
        *(_failed(session, Function) if functions.ids[problems.FAILED] else ()),
        *_unproven(session, networks.ids[problems.BROKEN]),
        *_stale(session, functions.ids[problems.CALLS]),
        *(_public(session) if known.open_endpoints else ()),
        *(_free_addresses(session, totals) if totals.free_addresses else ()),
    ]


def _lost(session: Session) -> Iterator[Alert]:
    lost = (
        select(Address.public_ip, Network.name)
        .join(Network, col(Network.id) == col(Address.network_id))
        .where(Address.status == AddressStatus.LOST)
        .order_by(col(Address.created_at), col(Address.id))
    )
    rows = session.exec(lost.limit(SHOWN_MAX + 1)).all()
    for ip, network in rows[:SHOWN_MAX]:
        yield Alert(
            "error",
            f"{ip} of {network} was released outside Egret: someone else may have it by now.",
            "/addresses?status=lost",
            "Recover address",
        )
    if len(rows) > SHOWN_MAX:
        yield Alert("error", "More addresses are lost.", "/addresses?status=lost", "View them")


def _failed(session: Session, model: type[Network] | type[Function]) -> Iterator[Alert]:
    noun = model.__name__.lower()
    failed = select(model.name, model.reason).where(model.status == Status.FAILED)
    rows = session.exec(failed.order_by(col(model.name)).limit(SHOWN_MAX + 1)).all()
    for name, reason in rows[:SHOWN_MAX]:
        text = f"The {noun} {name} failed: {_short(reason)}"
        yield Alert("error", text, f"/{noun}s/{name}", "View reason")
    if len(rows) > SHOWN_MAX:
        yield Alert("error", f"More {noun}s failed.", f"/{noun}s?status=failed", "View them")


def _short(reason: str) -> str:
    """AWS may say a lot; its page has all of it."""
    return textwrap.shorten(reason, REASON_MAX_CHARS, placeholder=" …")


def _unproven(session: Session, ids: Collection[str]) -> Iterator[Alert]:
    """One per network: a warning while other zones of it still work, an error when none does."""
    found, more = _first(session, Network, ids)
    if not found:
        return
    proven = proofs.latest_by_network(session, col(Proof.network_id).in_([n.id for n in found]))
    for network in found:
        zones = health.broken_zones(network, proven[network.id])
        broken = [p for p in proven[network.id] if p.availability_zone in zones]
        working = [p.availability_zone for p in proven[network.id] if p not in broken]
        but = f", but those from {', '.join(working)} do" if working else ""
        told = dict.fromkeys(p.problem or "the probe got no response." for p in broken)
        yield Alert(
            "warning" if working else "error",
            f"Calls from {', '.join(p.availability_zone for p in broken)} (network "
            f"{network.name}) don't come from the expected address{but}: {' '.join(told)}",
            f"/networks/{network.name}",
            "View network",
        )
    if more:
        text = "Calls from more networks don't come from the expected addresses."
        yield Alert("error", text, "/networks?status=ready", "View networks")


def _stale(session: Session, ids: Collection[str]) -> Iterator[Alert]:
    found, more = _first(session, Function, ids)
    these = col(Snapshot.function_id).in_([function.id for function in found])
    answers = previews.latest_by_function(session, these) if found else {}
    for function in found:
        _, failure = answers[function.id]
        problem = failure.problem if failure else ""
        yield Alert(
            "warning",
            f"{function.name} got no new response: {problem}",
            f"/functions/{function.name}",
            "View remedy",
        )
    if more:
        text = "More functions got no new response."
        yield Alert("warning", text, "/functions?status=ready", "View functions")


def _public(session: Session) -> Iterator[Alert]:
    public = select(Function.name).where(Function.access == Access.OPEN)
    names = session.exec(public.order_by(col(Function.name)).limit(SHOWN_MAX + 1)).all()
    for name in names[:SHOWN_MAX]:
        text = f"Anyone can call the endpoint of {name}."
        yield Alert("warning", text, f"/functions/{name}", "View access")
    if len(names) > SHOWN_MAX:
        text = "Anyone can call the endpoints of more functions."
        yield Alert("warning", text, "/functions", "View functions")


def _free_addresses(session: Session, totals: Totals) -> Iterator[Alert]:
    """One alert for all of them: they are no fault, and there may be many."""
    free = select(Address).where(Address.status == AddressStatus.FREE)
    first = session.exec(free.order_by(col(Address.created_at)).limit(1)).first()
    if first is None:
        return
    number = max(totals.free_addresses, 1)
    which, costs = f"{first.public_ip} is", "costs"
    if number > 1:
        which, costs = f"{number:,} addresses are", "cost"
    usd = first.monthly_cost_usd * number
    text = f"{which} not used by any network and {costs} {usd:,.2f} USD per month."
    yield Alert("info", text, "/addresses?status=free", "View addresses")


def _first(session: Session, model: type[Any], ids: Collection[str]) -> tuple[Sequence[Any], bool]:
    """The first rows with those ids, by name, and whether there are more."""
    query = select(model).where(col(model.id).in_(ids)).order_by(col(model.name))
    rows = session.exec(query.limit(SHOWN_MAX + 1)).all() if ids else []
    return rows[:SHOWN_MAX], len(rows) > SHOWN_MAX
