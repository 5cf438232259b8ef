"""Drift: what somebody changed in a network outside Egret, and putting it back.

AWS is the truth, so nothing is stored: each look reads it anew.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.drift.differences import Difference
from webapp.errors import Conflict
from webapp.models import Address, Network, Status
from webapp.services import audit
from webapp.services.addresses import pool as addresses
from webapp.services.inspection import proofs

STEADY = (Status.READY, Status.PARKED)


@dataclass(frozen=True)
class Report:
    """`differences` is our own reading, now; the rest CloudFormation's last check."""

    network: Network
    differences: list[Difference]
    stack_differences: list[Difference]
    stack_status: str
    stack_checked_at: datetime | None
    stack_resources_checked: int

    @property
    def in_sync(self) -> bool:
        return not self.differences and not self.stack_differences

    @property
    def restorable(self) -> list[Difference]:
        return [difference for difference in self.differences if difference.restore]


def report(session: Session, cloud: Cloud, network: Network) -> Report:
    """Raises Conflict while the network is being changed, or was never made."""
    stack_id = _steady(cloud, network)
    check = cloud.drift.last_check(network.region, stack_id)
    return Report(
        network=network,
        differences=_read(session, cloud, network, stack_id),
        stack_differences=check.differences,
        stack_status=check.status,
        stack_checked_at=check.at,
        stack_resources_checked=check.checked,
    )


def check(session: Session, cloud: Cloud, network: Network, *, actor: str) -> bool:
    """Let CloudFormation compare its stack; False when it takes longer than one waits for it."""
    done = cloud.drift.check(network.region, _steady(cloud, network))
    audit.record(session, actor=actor, action="check drift", noun="network", name=network.name)
    session.commit()
    return done


def restore(session: Session, cloud: Cloud, network: Network, *, actor: str) -> list[Difference]:
    """Put back what can be, and give that; a network that is whole again is proven again."""
    stack_id = _steady(cloud, network)
    mendable = [d for d in _read(session, cloud, network, stack_id) if d.restore]
    for difference in mendable:
        audit.record(
            session,
            actor=actor,
            action="restore",
            noun="network",
            name=network.name,
            detail=f"{difference.what}: {difference.actual} → {difference.expected}",
        )
        session.commit()
        cloud.drift.restore(network.region, difference)
    whole = not _read(session, cloud, network, stack_id)
    if mendable and whole and network.status is Status.READY:
        proofs.prove(session, cloud, network, actor=actor)
    return mendable


def _read(session: Session, cloud: Cloud, network: Network, stack_id: str) -> list[Difference]:
    used = addresses.of_network(session, network.id)
    return _gone(cloud, network, used) + cloud.drift.own_reading(
        network.region,
        stack_id,
        zones=network.output_list("AvailabilityZones"),
        allocation_ids=[address.allocation_id or "" for address in used],
    )


def _gone(cloud: Cloud, network: Network, used: list[Address]) -> list[Difference]:
    """Addresses that the account does not have any more."""
    there = {allocation.allocation_id for allocation in cloud.addresses.every(network.region)}
    return [
        Difference(
            f"Address {address.public_ip}",
            address.allocation_id,
            "allocated",
            "released",
            by_hand="Ask AWS for it again on the page of the addresses.",
        )
        for address in used
        if address.allocation_id and address.allocation_id not in there
    ]


def _steady(cloud: Cloud, network: Network) -> str:
    """The id of a stack that is there and not being changed, or Conflict."""
    if network.status not in STEADY or not network.stack_id:
        raise Conflict(
            f"The network {network.name} is {network.status}: there is nothing steady to compare.",
            code="network_not_steady",
            remedy="Wait until it is ready or parked, then look again.",
        )
    stack = cloud.stacks.describe(network.region, network.stack_id)
    if stack is None or stack.phase is Phase.GONE:
        raise Conflict(
            f"The stack of the network {network.name} was deleted outside Egret.",
            code="stack_gone",
            remedy="Delete the network, and make it again on the same addresses.",
        )
    return network.stack_id
