"""The NAT gateways that a network has, and had: parking deletes them, unparking makes others.

AWS keeps the metrics of those that are gone, by their ids. These, and when each was there, are in
the events of the network's stack.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from webapp.models import Network, StackEvent
from webapp.models.network import NAT_GATEWAY_IDS

TYPE = "AWS::EC2::NatGateway"
THERE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
"""The first of them says since when there is a NAT gateway. In the sandbox an update ends with the
second."""
LOGICAL_ID = "NatGateway"
"""The number of the zone follows, from 1."""


@dataclass(frozen=True)
class Gateway:
    """`until` is None for one that is there."""

    id: str
    zone: str
    since: datetime
    until: datetime | None = None


def gateways_of(session: Session, network: Network) -> list[Gateway]:
    """All that the network ever had, as far as it is known; oldest first."""
    there = {*network.output_list(NAT_GATEWAY_IDS), *network.undeleted_nat_gateways}
    found: dict[str, Gateway] = {}
    for event in _events(session, network):
        nat_id = event.physical_id
        if event.status in THERE:
            zone = _zone(network, event.logical_id)
            found.setdefault(nat_id, Gateway(nat_id, zone, event.at))
        elif nat_id in found and _ends(event, is_there=nat_id in there):
            found[nat_id] = replace(found[nat_id], until=event.at)
    for position, nat_id in enumerate(network.output_list(NAT_GATEWAY_IDS)):
        zone = network.zone_of(position) or ""
        found.setdefault(nat_id, Gateway(nat_id, zone, network.created_at))
    return sorted(found.values(), key=lambda gateway: gateway.since)


def _events(session: Session, network: Network) -> list[StackEvent]:
    """Of its NAT gateways."""
    mine = select(StackEvent).where(
        StackEvent.owner == network.owner,
        StackEvent.resource_type == TYPE,
        StackEvent.physical_id != "",
    )
    return list(session.exec(mine.order_by(col(StackEvent.at), col(StackEvent.id))))


def _ends(event: StackEvent, *, is_there: bool) -> bool:
    """Whether it was deleted. What CloudFormation could not delete, Egret may have."""
    deleted = event.status == "DELETE_COMPLETE"
    return deleted or (event.status.startswith("DELETE") and not is_there)


def _zone(network: Network, logical_id: str) -> str:
    number = logical_id.removeprefix(LOGICAL_ID)
    zones = network.planned_zones
    at = int(number) - 1 if number.isdigit() else len(zones)
    return zones[at] if 0 <= at < len(zones) else logical_id
