"""IPv6 in a network: Egret makes none, because a partner has whitelisted IPv4 addresses only.

What leaves over IPv6 comes from an address that no partner knows. It takes a range on VPC and
subnet, a route, and a function that may use both (dual-stack): each of these alone is drift. They
are listed in the order in which they can be put back: AWS keeps a range while something uses it.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from webapp.aws.drift.difference import DONE_ALREADY, NONE, Difference
from webapp.aws.drift.layout import Layout
from webapp.aws.errors import ignoring
from webapp.aws.vpc_parts import in_vpc, target_of

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_lambda import LambdaClient

RANGE_GONE = frozenset({"InvalidCidrBlockAssociationID.NotFound", *DONE_ALREADY})
HELD_STATES = ("associating", "associated")
SUBNET_SETTINGS = {
    "AssignIpv6AddressOnCreation": "IPv6 addresses for new interfaces",
    "EnableDns64": "DNS64",
}
"""What EC2 calls a subnet's setting, and what to call it."""


class Ipv6:
    """Reads EC2 once. Make a new one to compare again."""

    def __init__(self, ec2: "EC2Client", layout: Layout) -> None:
        self._ec2 = ec2
        self._layout = layout

    def differences(self) -> Iterator[Difference]:
        yield from self._routes()
        here = in_vpc(self._layout.vpc_id)
        names = dict(self._layout.subnets())
        subnets = self._ec2.describe_subnets(Filters=here)["Subnets"]
        for subnet in (each for each in subnets if each["SubnetId"] in names):
            yield from self._subnet(subnet, names[subnet["SubnetId"]])
        yield from self._vpc()

    def _routes(self) -> Iterator[Difference]:
        """Any IPv6 route but the VPC's own, in each table of the network."""
        tables = dict(self._layout.tables())
        found: Any = self._ec2.describe_route_tables(Filters=in_vpc(self._layout.vpc_id))
        for table in (t for t in found["RouteTables"] if t["RouteTableId"] in tables):
            table_id = table["RouteTableId"]
            for route in table.get("Routes", []):
                cidr = route.get("DestinationIpv6CidrBlock", "")
                if cidr and route.get("GatewayId") != "local":
                    yield Difference(
                        f"IPv6 route of the {tables[table_id]}",
                        table_id,
                        NONE,
                        f"{cidr} → {target_of(route)}",
                        restore=partial(self._delete_route, table_id, cidr),
                    )

    def _subnet(self, subnet: Any, name: str) -> Iterator[Difference]:
        subnet_id = subnet["SubnetId"]
        for setting, called in SUBNET_SETTINGS.items():
            if subnet.get(setting):
                off: Any = {"SubnetId": subnet_id, setting: {"Value": False}}
                restore = partial(self._ec2.modify_subnet_attribute, **off)
                yield Difference(f"{called} in the {name}", subnet_id, "off", "on", restore=restore)
        for held in _ranges(subnet):
            yield Difference(
                f"IPv6 range of the {name}",
                subnet_id,
                NONE,
                held["Ipv6CidrBlock"],
                restore=partial(self._take_from_subnet, held["AssociationId"]),
            )

    def _vpc(self) -> Iterator[Difference]:
        vpc_id = self._layout.vpc_id
        for vpc in self._ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]:
            for held in _ranges(vpc):
                yield Difference(
                    "IPv6 range of the VPC",
                    vpc_id,
                    NONE,
                    held["Ipv6CidrBlock"],
                    restore=partial(self._take_from_vpc, held["AssociationId"]),
                )

    def _delete_route(self, table_id: str, cidr: str) -> None:
        with ignoring({"InvalidRoute.NotFound"}):
            self._ec2.delete_route(RouteTableId=table_id, DestinationIpv6CidrBlock=cidr)

    def _take_from_subnet(self, association_id: str) -> None:
        with ignoring(RANGE_GONE):
            self._ec2.disassociate_subnet_cidr_block(AssociationId=association_id)

    def _take_from_vpc(self, association_id: str) -> None:
        with ignoring(RANGE_GONE):
            self._ec2.disassociate_vpc_cidr_block(AssociationId=association_id)


def dual_stack(awslambda: "LambdaClient", functions: list[str]) -> Iterator[Difference]:
    """The functions that may call over IPv6, by their names in Lambda."""
    for name in functions:
        try:
            found: Any = awslambda.get_function_configuration(FunctionName=name)
        except awslambda.exceptions.ResourceNotFoundException:
            continue
        vpc = found.get("VpcConfig") or {}
        if vpc.get("Ipv6AllowedForDualStack"):
            kept: Any = {key: vpc[key] for key in ("SubnetIds", "SecurityGroupIds")}
            restore = partial(
                awslambda.update_function_configuration,
                FunctionName=name,
                VpcConfig=kept | {"Ipv6AllowedForDualStack": False},
            )
            what = f"IPv6 (dual-stack) of {name}"
            yield Difference(what, name, "off", "on", restore=restore)


def _ranges(part: Any) -> list[Any]:
    """The IPv6 ranges of a VPC or subnet. AWS lists one that was taken away for a while."""
    return [
        held
        for held in part.get("Ipv6CidrBlockAssociationSet") or []
        if held.get("Ipv6CidrBlockState", {}).get("State") in HELD_STATES
    ]
