"""Our own reading of a network against its layout: what CloudFormation's drift cannot see, or not
put back.

CloudFormation repairs nothing while the template stays the same, so what can be restored is put
back by a call of its own. Each is harmless when it was done already.
"""

from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from webapp.aws.drift.difference import DONE_ALREADY, NONE, Difference
from webapp.aws.drift.layout import Layout, Zone
from webapp.aws.errors import ignoring

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ANYWHERE = "0.0.0.0/0"
NAT_AGAIN = "Park the network and unpark it: its NAT gateways are made anew, on the same addresses."


class Routing:
    """One look at EC2; `differences` reads as it goes."""

    def __init__(self, ec2: "EC2Client", layout: Layout) -> None:
        self._ec2 = ec2
        self._layout = layout

    def differences(self) -> Iterator[Difference]:
        yield from self._addresses()
        for zone in self._layout.zones:
            yield from self._association(zone)
            yield from self._default_route(zone)
            yield from self._extra_routes(zone)
        yield from self._public_route()
        yield from self._dns()

    def _addresses(self) -> Iterator[Difference]:
        """Each NAT gateway is there, and holds the address that is on the partner's list."""
        for nat_id, allocation_id in self._layout.allocation_of_nat.items():
            nat = self._nats.get(nat_id)
            if nat is None or nat["State"] != "available":
                state = nat["State"] if nat else "gone"
                yield Difference("NAT gateway", nat_id, "available", state, by_hand=NAT_AGAIN)
                continue
            held = [a.get("AllocationId", "") for a in nat.get("NatGatewayAddresses") or []]
            if held != [allocation_id]:
                actual = ", ".join(held) or NONE
                yield Difference(
                    "Address of the NAT gateway", nat_id, allocation_id, actual, by_hand=NAT_AGAIN
                )

    def _association(self, zone: Zone) -> Iterator[Difference]:
        table_id, association_id = self._table_of.get(zone.private_subnet_id, ("", ""))
        if table_id != zone.private_table_id:
            restore = partial(self._associate, zone, association_id)
            yield Difference(
                f"Route table of the private subnet in {zone.name}",
                zone.private_subnet_id,
                zone.private_table_id,
                table_id or "the VPC's main route table",
                restore=restore,
            )

    def _default_route(self, zone: Zone) -> Iterator[Difference]:
        route = self._route(zone.private_table_id)
        actual, expected = _target(route), zone.nat_id or NONE
        if actual == expected:
            return
        nat_is_there = (self._nats.get(zone.nat_id) or {}).get("State") == "available"
        restorable = nat_is_there or not zone.nat_id
        yield Difference(
            f"Default route of {zone.name}",
            zone.private_table_id,
            expected,
            actual,
            by_hand="" if restorable else NAT_AGAIN,
            restore=partial(self._lead, zone.private_table_id, route, NatGatewayId=zone.nat_id)
            if restorable
            else None,
        )

    def _extra_routes(self, zone: Zone) -> Iterator[Difference]:
        """All but the VPC's own, the default one, and that to S3's gateway endpoint."""
        for route in self._tables.get(zone.private_table_id, {}).get("Routes", []):
            cidr = route.get("DestinationCidrBlock", "")
            if cidr and cidr != ANYWHERE and route.get("GatewayId") != "local":
                table_id = zone.private_table_id
                yield Difference(
                    f"Extra route of {zone.name}",
                    table_id,
                    NONE,
                    f"{cidr} → {_target(route)}",
                    restore=partial(
                        self._ec2.delete_route, RouteTableId=table_id, DestinationCidrBlock=cidr
                    ),
                )

    def _public_route(self) -> Iterator[Difference]:
        table_id, expected = self._layout.public_table_id, self._layout.gateway_id
        route = self._route(table_id)
        if _target(route) != expected:
            restore = partial(self._lead, table_id, route, GatewayId=expected)
            yield Difference(
                "Default route of the public subnets",
                table_id,
                expected,
                _target(route),
                restore=restore,
            )

    def _dns(self) -> Iterator[Difference]:
        vpc_id = self._layout.vpc_id
        for attribute, field in (
            ("enableDnsSupport", "EnableDnsSupport"),
            ("enableDnsHostnames", "EnableDnsHostnames"),
        ):
            asked: Any = {"VpcId": vpc_id, "Attribute": attribute}
            found: Any = self._ec2.describe_vpc_attribute(**asked)
            if not found[field]["Value"]:
                switch: Any = {"VpcId": vpc_id, field: {"Value": True}}
                restore = partial(self._ec2.modify_vpc_attribute, **switch)
                yield Difference(f"DNS ({attribute})", vpc_id, "on", "off", restore=restore)

    def _associate(self, zone: Zone, association_id: str) -> None:
        table_id = zone.private_table_id
        if association_id:
            self._ec2.replace_route_table_association(
                AssociationId=association_id, RouteTableId=table_id
            )
        else:
            self._ec2.associate_route_table(RouteTableId=table_id, SubnetId=zone.private_subnet_id)

    def _lead(self, table_id: str, old: Any, **target: Any) -> None:
        """The table's default route goes to `target`; to '' means that there is none."""
        arguments: Any = {"RouteTableId": table_id, "DestinationCidrBlock": ANYWHERE}
        if not all(target.values()):
            self._ec2.delete_route(**arguments)
        elif old:
            self._ec2.replace_route(**arguments, **target)
        else:
            with ignoring(DONE_ALREADY):
                self._ec2.create_route(**arguments, **target)

    def _route(self, table_id: str) -> Any:
        routes: list[Any] = self._tables.get(table_id, {}).get("Routes", [])
        return next((r for r in routes if r.get("DestinationCidrBlock") == ANYWHERE), {})

    @cached_property
    def _tables(self) -> dict[str, Any]:
        here: Any = [{"Name": "vpc-id", "Values": [self._layout.vpc_id]}]
        found = self._ec2.describe_route_tables(Filters=here)["RouteTables"]
        return {table["RouteTableId"]: table for table in found}

    @cached_property
    def _table_of(self) -> dict[str, tuple[str, str]]:
        """Of each subnet with a table of its own: the table and the association."""
        return {
            a["SubnetId"]: (table_id, a["RouteTableAssociationId"])
            for table_id, table in self._tables.items()
            for a in table.get("Associations", [])
            if a.get("SubnetId")
        }

    @cached_property
    def _nats(self) -> dict[str, Any]:
        here: Any = [{"Name": "vpc-id", "Values": [self._layout.vpc_id]}]
        found = self._ec2.describe_nat_gateways(Filters=here)["NatGateways"]
        return {nat["NatGatewayId"]: nat for nat in found}


def _target(route: Any) -> str:
    """Where a route leads, as one id."""
    names = ("NatGatewayId", "GatewayId", "NetworkInterfaceId", "TransitGatewayId", "InstanceId")
    found = next((str(route[name]) for name in names if route.get(name)), NONE)
    peering = route.get("VpcPeeringConnectionId")
    lost = " (black hole)" if route.get("State") == "blackhole" else ""
    return f"{peering or found}{lost}"
