"""What the API takes and gives for networks. Times are in UTC."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel

from webapp.models import Address, Input, Nat, Network, Proof, Status
from webapp.routes.api.schemas.schedule import ScheduleOut, schedule_out
from webapp.services.engine.teardown import Undeleted
from webapp.services.inspection.health import Level
from webapp.services.networks import NetworkDetail


class Confirmation(Input):
    """`anyway`: although a key in use does not allow the new addresses."""

    anyway: bool = False


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
    """The newest proof of every zone; `ok` if all of them are."""

    ok: bool
    at: datetime
    zones: list[ProofOut]


def _network_proof(proofs: Sequence[Proof]) -> NetworkProof | None:
    if not proofs:
        return None
    return NetworkProof(
        ok=all(proof.ok for proof in proofs),
        at=min(proof.at for proof in proofs),
        zones=[proof_out(proof) for proof in proofs],
    )


class ChangeOut(BaseModel):
    """A pending change: its shape, and what CloudFormation says that it changes."""

    availability_zones: int
    nat: Nat
    zones: list[str] = []
    addresses: list[AddressOfNetwork]
    preview: list[dict[str, str]]


def _change_out(detail: NetworkDetail) -> ChangeOut | None:
    network = detail.network
    if not network.change:
        return None
    new = detail.addresses[network.nat_gateways :]
    return ChangeOut(**network.change, addresses=[_address_out(network, a) for a in new])


class UndeletedOut(BaseModel):
    """A resource that a deletion, or parking, could not delete."""

    logical_id: str
    physical_id: str
    resource_type: str
    reason: str
    monthly_cost_usd: float


def _undeleted_out(resource: Undeleted) -> UndeletedOut:
    return UndeletedOut(**asdict(resource), monthly_cost_usd=resource.monthly_cost_usd)


class NetworkOut(BaseModel):
    """`health` is ok, degraded or failing; `health_text` says what is wrong in a few words.
    `functions`: the first 50 by name; with `more_functions`, `/functions?network=` has them all."""

    name: str
    account: str
    region: str
    status: Status
    health: Level
    health_text: str
    reason: str
    remedy: str
    cidr: str
    availability_zones: int
    zones: list[str]
    nat: Nat
    environment: str
    tags: dict[str, str]
    protected: bool
    change: ChangeOut | None
    undeleted: list[UndeletedOut]
    addresses: list[AddressOfNetwork]
    stack_id: str | None
    functions: list[str]
    more_functions: bool
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
                "tags",
                "protected",
                "stack_id",
                "created_at",
                "updated_at",
            }
        ),
        account=network.account_name,
        status=network.status,
        health=detail.health.level,
        health_text=detail.health.text,
        nat=network.nat,
        zones=network.planned_zones,
        change=_change_out(detail),
        undeleted=[_undeleted_out(resource) for resource in detail.undeleted],
        addresses=[_address_out(network, address) for address in detail.addresses],
        functions=[function.name for function in detail.functions],
        more_functions=detail.functions.more,
        monthly_cost_usd=network.monthly_cost_usd,
        proof=_network_proof(detail.proofs),
        schedule=schedule_out(network),
    )
