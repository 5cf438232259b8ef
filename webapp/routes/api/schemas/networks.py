"""What the API takes and gives. Names and times are for programs: stable, plain, UTC."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from webapp.models import Address, AuditEvent, KeyVersion, Nat, Network, Proof, StackEvent
from webapp.routes.api.schemas.schedule import ScheduleOut, schedule_out
from webapp.services.engine.teardown import Left
from webapp.services.keys import KeyDetail, Match
from webapp.services.networks.lifecycle import NetworkDetail

PAGE_MAX = 200
Item = TypeVar("Item")
Row = TypeVar("Row")


class Sent(BaseModel):
    """A body that the API takes: a field that it does not know is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class NewNetwork(Sent):
    name: str
    region: str
    cidr: str = ""
    availability_zones: int = 2
    nat: Nat = Nat.SINGLE
    addresses: list[str] = []
    environment: str = ""


class NewChange(Sent):
    """The shape that a network shall have; what is not sent stays as it is."""

    availability_zones: int | None = None
    nat: Nat | None = None


class Confirmation(Sent):
    """`anyway`: although a key in use does not allow the new addresses."""

    anyway: bool = False


class NewKey(Sent):
    name: str
    secret: str = Field(repr=False)
    environment: str = ""
    note: str = ""


class NewVersion(Sent):
    secret: str = Field(repr=False)


class Listed(BaseModel, Generic[Item]):
    """One page of a list; `next` is what to send as `after` for the next one."""

    items: list[Item]
    next: str | None


def listed(
    rows: Sequence[Row],
    give: Callable[[Row], Item],
    key: Callable[[Row], str],
    *,
    limit: int,
    after: str | None,
) -> Listed[Item]:
    """The page after the row with the key `after`; `rows` are in the order of their keys."""
    rest = [row for row in rows if after is None or key(row) > after]
    shown = rest[:limit]
    return Listed(
        items=[give(row) for row in shown],
        next=key(shown[-1]) if len(rest) > limit else None,
    )


class AddressOfNetwork(BaseModel):
    id: str
    public_ip: str | None
    allocation_id: str | None
    availability_zone: str | None


def _address_out(network: Network, address: Address) -> AddressOfNetwork:
    zone = network.zone_of(address.position)
    return AddressOfNetwork(**address.model_dump(), availability_zone=zone)


class ProofOut(BaseModel):
    """Which address an echo service saw a zone call from, and which it should have been."""

    availability_zone: str
    ok: bool
    seen_ip: str | None
    expected_ip: str
    echo: str
    problem: str
    request_id: str
    at: datetime


def proof_out(proof: Proof) -> ProofOut:
    return ProofOut(**proof.model_dump(), ok=proof.ok)


class NetworkProof(BaseModel):
    """The newest proof of every zone; `ok` when all of them are."""

    ok: bool
    at: datetime
    zones: list[ProofOut]


def network_proof(proofs: Sequence[Proof]) -> NetworkProof | None:
    if not proofs:
        return None
    return NetworkProof(
        ok=all(proof.ok for proof in proofs),
        at=min(proof.at for proof in proofs),
        zones=[proof_out(proof) for proof in proofs],
    )


class ChangeOut(BaseModel):
    """A proposed shape, and what CloudFormation says that it changes."""

    availability_zones: int
    nat: str
    addresses: list[AddressOfNetwork]
    preview: list[dict[str, str]]


def change_out(detail: NetworkDetail) -> ChangeOut | None:
    network = detail.network
    if not network.change:
        return None
    new = detail.addresses[network.nat_gateways :]
    return ChangeOut(**network.change, addresses=[_address_out(network, a) for a in new])


class LeftOut(BaseModel):
    """What a deletion could not delete."""

    logical_id: str
    physical_id: str
    resource_type: str
    reason: str
    monthly_cost_usd: float


def left_out(left: Left) -> LeftOut:
    return LeftOut(**asdict(left), monthly_cost_usd=left.monthly_cost_usd)


class NetworkOut(BaseModel):
    name: str
    region: str
    status: str
    reason: str
    remedy: str
    cidr: str
    availability_zones: int
    nat: str
    environment: str
    protected: bool
    change: ChangeOut | None
    undeleted: list[LeftOut]
    addresses: list[AddressOfNetwork]
    stack_id: str | None
    functions: list[str]
    monthly_cost_usd: float
    proof: NetworkProof | None
    schedule: ScheduleOut
    created_at: datetime
    updated_at: datetime


def network_out(detail: NetworkDetail) -> NetworkOut:
    network = detail.network
    return NetworkOut(
        **network.model_dump(
            include={
                "name",
                "region",
                "reason",
                "remedy",
                "cidr",
                "availability_zones",
                "environment",
                "protected",
                "stack_id",
                "created_at",
                "updated_at",
            }
        ),
        status=network.status.value,
        nat=network.nat.value,
        change=change_out(detail),
        undeleted=[left_out(left) for left in detail.left],
        addresses=[_address_out(network, address) for address in detail.addresses],
        functions=[function.name for function in detail.functions],
        monthly_cost_usd=network.monthly_cost_usd,
        proof=network_proof(detail.proofs),
        schedule=schedule_out(network),
    )


class EventOut(BaseModel):
    id: int
    at: datetime
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str


def event_out(event: StackEvent) -> EventOut:
    return EventOut(**event.model_dump())


class VersionOut(BaseModel):
    id: str
    stage: str
    created_at: datetime


def version_out(version: KeyVersion) -> VersionOut:
    return VersionOut(**version.model_dump())


class KeyOut(BaseModel):
    name: str
    environment: str
    note: str
    fingerprint: str
    claims: dict[str, Any]
    versions: list[VersionOut]
    functions: list[str]
    created_at: datetime


def key_out(detail: KeyDetail) -> KeyOut:
    key = detail.key
    return KeyOut(
        name=key.name,
        environment=key.environment,
        note=key.note,
        fingerprint=key.fingerprint,
        claims=key.claims,
        versions=[version_out(version) for version in detail.versions],
        functions=[function.name for function in detail.functions],
        created_at=key.created_at,
    )


class MatchOut(BaseModel):
    """`paste` is the exact text for the partner's portal."""

    network: str
    ok: bool
    allowed: list[str]
    missing: list[str]
    paste: str


def match_out(match: Match) -> MatchOut:
    return MatchOut(
        network=match.network.name,
        ok=match.ok,
        allowed=match.allowed,
        missing=match.missing,
        paste=match.paste,
    )


class AuditEventOut(BaseModel):
    id: int
    at: datetime
    actor: str
    action: str
    noun: str
    name: str
    detail: str


def audit_event_out(event: AuditEvent) -> AuditEventOut:
    return AuditEventOut(**event.model_dump())
