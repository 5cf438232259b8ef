"""Drift: what was changed in a network outside Egret, and how it is restored.

Nothing of it is stored: every report reads AWS again.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase, Stack
from webapp.aws.drift.detection import Detection
from webapp.aws.drift.difference import Difference
from webapp.errors import Conflict, EgretError
from webapp.models import Address, Function, Network, Status
from webapp.models.network import NAT_GATEWAY_IDS
from webapp.scope import CloudScope
from webapp.services.addresses import pool
from webapp.services.inspection import proofs

STEADY = (Status.READY, Status.PARKED)
STATES = ("parked", "ready")
ZONES = "AvailabilityZones"
AS_THE_STACK_IS = (
    "Its stack was changed outside Egret, or a backup from before was restored. {} it here: the "
    "stack takes what it has already as no change."
)


@dataclass(frozen=True)
class Report:
    """`differences` were found just now; the rest is from CloudFormation's last check.

    `stack_problem` says what CloudFormation could not compare; '' if it could compare all.
    """

    network: Network
    differences: list[Difference]
    stack_differences: list[Difference]
    stack_status: str
    stack_checked_at: datetime | None
    stack_resources_checked: int
    stack_problem: str = ""

    @property
    def in_sync(self) -> bool:
        """What could not be compared is not in sync."""
        return not (self.differences or self.stack_differences or self.stack_problem)

    @property
    def restorable(self) -> list[Difference]:
        return [difference for difference in self.differences if difference.restore]


def report(session: Session, cloud: Cloud, network: Network, *, problem: str = "") -> Report:
    """Raises Conflict while the network is being changed, and when its stack does not exist.

    `problem` is that of a check that was made just now.
    """
    stack = _steady(cloud, network)
    check = cloud.drift.last_check(network.region, stack.id)
    return Report(
        network=network,
        differences=_read(session, cloud, network, stack),
        stack_differences=check.differences,
        stack_status=check.status,
        stack_checked_at=check.at,
        stack_resources_checked=check.checked,
        stack_problem=problem or check.problem,
    )


def check(scope: CloudScope, network: Network) -> Detection:
    """Let CloudFormation check its stack for drift. Not done if it needs longer than a while."""
    cloud = scope.cloud_of(network)
    detection = cloud.drift.check(network.region, _steady(cloud, network).id)
    scope.record("check drift", network)
    scope.session.commit()
    return detection


def restore(scope: CloudScope, network: Network) -> list[Difference]:
    """Restore and return what can be restored. If no drift is left, prove the network again."""
    session, cloud = scope.session, scope.cloud_of(network)
    stack = _steady(cloud, network)
    restorable = [d for d in _read(session, cloud, network, stack) if d.restore]
    for difference in restorable:
        told = f"{difference.what}: {difference.actual} → {difference.expected}"
        scope.record("restore", network, told)
        session.commit()
        cloud.drift.restore(network.region, difference)
    in_sync = not _read(session, cloud, network, stack)
    if restorable and in_sync and network.status is Status.READY:
        with suppress(EgretError):  # a round proves it later
            proofs.prove(scope, network)
    return restorable


def _read(session: Session, cloud: Cloud, network: Network, stack: Stack) -> list[Difference]:
    used = pool.of_network(session, network.id)
    mine = session.exec(select(Function).where(Function.network_id == network.id))
    there = cloud.drift.differences(
        network.region,
        stack.id,
        zones=network.output_list(ZONES),
        allocation_ids=[address.allocation_id or "" for address in used],
        functions=[function.lambda_name for function in mine if function.lambda_name],
    )
    return _of_the_row(network, stack) + _lost_addresses(cloud, network, used) + there


def _of_the_row(network: Network, stack: Stack) -> list[Difference]:
    """What the row does not know of its own stack: after a backup was restored, for instance."""
    runs, here = NAT_GATEWAY_IDS in stack.outputs, network.status is Status.READY
    states = [
        ("Status", STATES[here], STATES[runs], "Unpark" if runs else "Park"),
        ("Zones", network.outputs.get(ZONES, ""), stack.outputs.get(ZONES, ""), "Change"),
    ]
    return [
        Difference(what, stack.id, mine, its, by_hand=AS_THE_STACK_IS.format(verb))
        for what, mine, its, verb in states
        if mine != its
    ]


def _lost_addresses(cloud: Cloud, network: Network, used: list[Address]) -> list[Difference]:
    """Addresses that the account no longer has."""
    there = {allocation.allocation_id for allocation in cloud.addresses.list_all(network.region)}
    return [
        Difference(
            f"Address {address.public_ip}",
            address.allocation_id,
            "allocated",
            "released",
            by_hand="Recover it on the Addresses page.",
        )
        for address in used
        if address.allocation_id and address.allocation_id not in there
    ]


def _steady(cloud: Cloud, network: Network) -> Stack:
    """The network's stack. Raises Conflict while it changes, or if it is gone."""
    if network.status not in STEADY or not network.stack_id:
        raise Conflict(
            f"The network {network.name} is {network.status}: it cannot be checked for drift.",
            code="network_not_steady",
            remedy="Wait until it is ready or parked, then check again.",
            about=[network],
        )
    stack = cloud.stacks.describe(network.region, network.stack_id)
    if stack is None or stack.phase is Phase.GONE:
        raise Conflict(
            f"The stack of the network {network.name} was deleted outside Egret.",
            code="stack_gone",
            remedy="Delete the network, and create it again on the same addresses.",
            about=[network],
        )
    return stack
