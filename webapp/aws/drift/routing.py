"""A network's routing against its layout: NAT gateways, routes, route tables and DNS.

CloudFormation does not put these back: an update changes nothing while the template stays the same.
So each difference that can be restored brings a call of its own, harmless when repeated.
"""

from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from webapp.aws.drift.difference import DONE_ALREADY, NONE, Difference
from webapp.aws.drift.layout import Layout, Zone
from webapp.aws.errors import ignoring
from webapp.aws.vpc_parts import ANYWHERE, default_route, in_vpc, target_of

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

RECREATE_NAT = (
    "Park and unpark the network: that creates its NAT gateways again, on the same addresses."
)
DNS_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
}
"""DescribeVpcAttribute asks in one case and answers in the other."""


class Routing:
    """Reads EC2 once. Make a new one to compare again."""

    def __init__(self, ec2: "EC2Client", layout: Layout) -> None:
        self._ec2 = ec2
        self._layout = layout

    def differences(self) -> Iterator[Difference]:
        yield from self._nat_gateways()
        for zone in self._layout.zones:
            yield from self._table_of_private_subnet(zone)
            yield from self._default_route(zone)
            yield from self._extra_routes(zone)
        for table_id, name in self._layout.tables():
            yield from self._prefix_list_routes(table_id, name)
        yield from self._public_route()
        yield from self._dns()

    def _nat_gateways(self) -> Iterator[Difference]:
        """Each must be available, and hold the address that the partner has whitelisted."""
        for nat_id, allocation_id in self._layout.allocation_of_nat.items():
            nat: Any = self._nats.get(nat_id, {"State": "gone"})
            if nat["State"] != "available":
                what, expected, actual = "NAT gateway", "available", nat["State"]
            else:
                what, expected = "Address of the NAT gateway", allocation_id
                held = [a.get("AllocationId", "") for a in nat.get("NatGatewayAddresses") or []]
                actual = ", ".join(held) or NONE
            if actual != expected:
                yield Difference(what, nat_id, expected, actual, by_hand=RECREATE_NAT)

    def _table_of_private_subnet(self, zone: Zone) -> Iterator[Difference]:
        table_id, association_id = self._table_of.get(zone.private_subnet_id, ("", ""))
        if table_id != zone.private_table_id:
            yield Difference(
                f"Route table of the private subnet in {zone.name}",
                zone.private_subnet_id,
                zone.private_table_id,
                table_id or "the VPC's main route table",
                restore=partial(self._associate, zone, association_id),
            )

    def _default_route(self, zone: Zone) -> Iterator[Difference]:
        """A route to the NAT gateway; none while the network is parked."""
        table_id, expected = zone.private_table_id, zone.nat_id
        found = self._route(table_id)
        if target_of(found) == (expected or NONE):
            return
        difference = partial(
            Difference,
            f"Default route of {zone.name}",
            table_id,
            expected or NONE,
            target_of(found),
        )
        if not expected:
            yield difference(restore=partial(self._delete_route, table_id, ANYWHERE))
        elif self._nats.get(expected, {}).get("State") == "available":
            yield difference(restore=partial(self._point, table_id, found, NatGatewayId=expected))
        else:
            yield difference(by_hand=RECREATE_NAT)

    def _extra_routes(self, zone: Zone) -> Iterator[Difference]:
        """All but the VPC's own and the default one, of those for an IPv4 range."""
        table_id = zone.private_table_id
        for route in self._tables.get(table_id, {}).get("Routes", []):
            cidr = route.get("DestinationCidrBlock", "")
            if cidr and cidr != ANYWHERE and route.get("GatewayId") != "local":
                yield Difference(
                    f"Extra route of {zone.name}",
                    table_id,
                    NONE,
                    f"{cidr} → {target_of(route)}",
                    restore=partial(self._delete_route, table_id, cidr),
                )

    def _prefix_list_routes(self, table_id: str, name: str) -> Iterator[Difference]:
        """All but those to gateway endpoints, such as S3's. A list may have IPv6 ranges too."""
        for route in self._tables.get(table_id, {}).get("Routes", []):
            list_id = route.get("DestinationPrefixListId", "")
            if list_id and not target_of(route).startswith("vpce-"):
                arguments: Any = {"RouteTableId": table_id, "DestinationPrefixListId": list_id}
                yield Difference(
                    f"Extra route of the {name}",
                    table_id,
                    NONE,
                    f"{list_id} → {target_of(route)}",
                    restore=partial(self._ec2.delete_route, **arguments),
                )

    def _public_route(self) -> Iterator[Difference]:
        table_id, expected = self._layout.public_table_id, self._layout.gateway_id
        found = self._route(table_id)
        if target_of(found) != expected:
            yield Difference(
                "Default route of the public subnets",
                table_id,
                expected,
                target_of(found),
                restore=partial(self._point, table_id, found, GatewayId=expected),
            )

    def _dns(self) -> Iterator[Difference]:
        vpc_id = self._layout.vpc_id
        for attribute, field in DNS_ATTRIBUTES.items():
            asked: Any = {"VpcId": vpc_id, "Attribute": attribute}
            found: Any = self._ec2.describe_vpc_attribute(**asked)
            if not found[field]["Value"]:
                # EC2 changes one attribute a call; asked for both, it refuses.
                change: Any = {"VpcId": vpc_id, field: {"Value": True}}
                restore = partial(self._ec2.modify_vpc_attribute, **change)
                yield Difference(f"DNS ({attribute})", vpc_id, "on", "off", restore=restore)

    def _associate(self, zone: Zone, association_id: str) -> None:
        """A subnet with another table needs that association replaced; one without, a new one."""
        table_id = zone.private_table_id
        if association_id:
            self._ec2.replace_route_table_association(
                AssociationId=association_id, RouteTableId=table_id
            )
        else:
            self._ec2.associate_route_table(RouteTableId=table_id, SubnetId=zone.private_subnet_id)

    def _point(self, table_id: str, old: Any, **target: Any) -> None:
        """Point the table's default route, so far `old`, at `target`."""
        arguments: Any = {"RouteTableId": table_id, "DestinationCidrBlock": ANYWHERE} | target
        if old:
            self._ec2.replace_route(**arguments)
        else:
            with ignoring(DONE_ALREADY):
                self._ec2.create_route(**arguments)

    def _delete_route(self, table_id: str, cidr: str) -> None:
        self._ec2.delete_route(RouteTableId=table_id, DestinationCidrBlock=cidr)

    def _route(self, table_id: str) -> Any:
        return default_route(self._tables.get(table_id, {}))

    @cached_property
    def _tables(self) -> dict[str, Any]:
        here = in_vpc(self._layout.vpc_id)
        found = self._ec2.describe_route_tables(Filters=here)["RouteTables"]
        return {table["RouteTableId"]: table for table in found}

    @cached_property
    def _table_of(self) -> dict[str, tuple[str, str]]:
        """Subnet id → its own route table and their association, for subnets that have one."""
        return {
            a["SubnetId"]: (table_id, a["RouteTableAssociationId"])
            for table_id, table in self._tables.items()
            for a in table.get("Associations", [])
            if a.get("SubnetId")
        }

    @cached_property
    def _nats(self) -> dict[str, Any]:
        found = self._ec2.describe_nat_gateways(Filters=in_vpc(self._layout.vpc_id))["NatGateways"]
        return {nat["NatGatewayId"]: nat for nat in found}
