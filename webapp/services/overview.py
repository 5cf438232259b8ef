"""The first page: four steps until they are done, then status, cost and warnings.

`state_of` tells an open page, this one or another, whether anything has changed.
"""

import hashlib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from webapp.models import (
    Access,
    Address,
    AddressStatus,
    Function,
    Key,
    KeyVersion,
    Network,
    Proof,
    Role,
    Snapshot,
    StackRow,
    Status,
    Whitelisting,
)
from webapp.models.costs import KMS_KEY_USD_PER_MONTH, SECRET_USD_PER_MONTH
from webapp.partners import partner
from webapp.services import functions, networks
from webapp.services.functions import FunctionDetail
from webapp.services.functions.catalogue.template import NO_PREVIEW
from webapp.services.networks import NetworkDetail

TABLES_MAX = 2
TABLE_ROWS_MAX = 10
REASON_MAX_CHARS = 160


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
class Alert:
    """`level` is error, warning or info."""

    level: str
    text: str
    href: str
    action: str


@dataclass(frozen=True)
class Table:
    """The first rows of a function's last good snapshot, as its partner's adapter reads them."""

    detail: FunctionDetail
    rows: list[object]


@dataclass(frozen=True)
class Overview:
    steps: list[SetupStep]
    networks: list[NetworkDetail]
    functions: list[FunctionDetail]
    monthly_cost_usd: float
    warnings: list[Alert]
    tables: list[Table]


def overview(session: Session) -> Overview:
    in_use, running = networks.list_all(session), functions.list_all(session)
    keys = session.exec(select(Key)).all()
    free = session.exec(select(Address).where(Address.status == AddressStatus.FREE)).all()
    return Overview(
        steps=_steps(in_use, len(keys), running),
        networks=in_use,
        functions=running,
        monthly_cost_usd=_monthly_usd(in_use, free, len(keys)),
        warnings=_warnings(in_use, running, free),
        tables=list(islice(_tables(running), TABLES_MAX)),
    )


def state_of(session: Session) -> str:
    """A short text that is another one after every change of what pages show.

    An open page compares it before it loads itself again. Proofs and snapshots are only added.
    """
    proven = func.sum(case((col(Proof.seen_ip) == col(Proof.expected_ip), 1), else_=0))
    found = [
        session.exec(query).all()
        for query in (
            select(Network.id, Network.version).order_by(Network.id),
            select(Function.id, Function.version).order_by(Function.id),
            select(Address.id, Address.version).order_by(Address.id),
            select(Key.id, Key.status, Key.fingerprint, Key.name).order_by(Key.id),
            select(KeyVersion.id, KeyVersion.stage).order_by(KeyVersion.id),
            select(Whitelisting.id, Whitelisting.sent_at, Whitelisting.confirmed_at),
            select(func.count(), func.max(Proof.at), proven),
            select(func.count(), func.max(Snapshot.fetched_at), func.max(Snapshot.id)),
        )
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _steps(
    in_use: list[NetworkDetail], keys: int, running: list[FunctionDetail]
) -> list[SetupStep]:
    created = any(n.network.was_created for n in in_use)  # a parked network keeps its outputs
    deployed = any(f.function.status is Status.READY for f in running)
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
            keys > 0,
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
            any(f.snapshot for f in running),
        ),
    ]


def _monthly_usd(in_use: list[NetworkDetail], free: Sequence[Address], keys: int) -> float:
    networks_usd = sum(detail.network.monthly_cost_usd for detail in in_use)
    addresses_usd = sum(address.monthly_cost_usd for address in free)
    keys_usd = keys * SECRET_USD_PER_MONTH + (KMS_KEY_USD_PER_MONTH if keys or in_use else 0)
    return round(networks_usd + addresses_usd + keys_usd, 2)


def _warnings(
    in_use: list[NetworkDetail], running: list[FunctionDetail], free: Sequence[Address]
) -> list[Alert]:
    lost = [
        Alert(
            "error",
            f"{address.public_ip} of {detail.network.name} was released outside Egret: someone "
            "else may have it by now.",
            "/addresses",
            "Recover address",
        )
        for detail in in_use
        for address in detail.addresses
        if address.status is AddressStatus.LOST
    ]
    failed = [
        Alert(
            "error", f"The {row.noun} {row.name} failed: {_short(row.reason)}", href, "View reason"
        )
        for row, href in _rows(in_use, running)
        if row.status is Status.FAILED
    ]
    stale = [
        Alert(
            "warning",
            f"{detail.function.name} got no new response: {detail.failure.problem}",
            f"/functions/{detail.function.name}",
            "View remedy",
        )
        for detail in running
        if detail.failure
    ]
    public = [
        Alert(
            "warning",
            f"Anyone can call the endpoint of {detail.function.name}.",
            f"/functions/{detail.function.name}",
            "View access",
        )
        for detail in running
        if detail.function.access is Access.OPEN
    ]
    return lost + failed + [*_unproven(in_use)] + stale + public + _free_addresses(free)


def _short(reason: str) -> str:
    """AWS may say a lot; its page has all of it."""
    return textwrap.shorten(reason, REASON_MAX_CHARS, placeholder=" …")


def _unproven(in_use: list[NetworkDetail]) -> Iterator[Alert]:
    """One per network: a warning while other zones of it still work, an error when none does."""
    for detail in in_use:
        broken = [p for p in detail.proofs if p.availability_zone in detail.broken_zones]
        working = [p.availability_zone for p in detail.proofs if p not in broken]
        but = f", but those from {', '.join(working)} do" if working else ""
        problems = dict.fromkeys(p.problem or "the probe got no response." for p in broken)
        if broken:
            yield Alert(
                "warning" if working else "error",
                f"Calls from {', '.join(p.availability_zone for p in broken)} (network "
                f"{detail.network.name}) don't come from the expected address{but}: "
                f"{' '.join(problems)}",
                f"/networks/{detail.network.name}",
                "View network",
            )


def _free_addresses(free: Sequence[Address]) -> list[Alert]:
    """One alert for all of them: they are no fault, and there may be many."""
    if not free:
        return []
    usd = sum(address.monthly_cost_usd for address in free)
    which, costs = f"{free[0].public_ip} is", "costs"
    if len(free) > 1:
        which, costs = f"{len(free)} addresses are", "cost"
    text = f"{which} not used by any network and {costs} {usd:.2f} USD per month."
    return [Alert("info", text, "/addresses", "View addresses")]


def _tables(running: list[FunctionDetail]) -> Iterator[Table]:
    for detail in running:
        if detail.snapshot and detail.template.preview != NO_PREVIEW:
            rows = partner(detail.template.partner).rows(
                detail.snapshot.body, detail.function.settings
            )
            yield Table(detail, list(rows[:TABLE_ROWS_MAX]))


def _rows(
    in_use: list[NetworkDetail], running: list[FunctionDetail]
) -> Iterator[tuple[StackRow, str]]:
    for network in (detail.network for detail in in_use):
        yield network, f"/networks/{network.name}"
    for function in (detail.function for detail in running):
        yield function, f"/functions/{function.name}"
