"""Walks from a subnet to the internet as a packet would: the first broken hop is the reason.

security group → network ACL → route table → NAT gateway → its network ACL → its subnet's route →
internet gateway → VPC Block Public Access → address → DNS. A function in a public subnet gets
nowhere: its network interface has no public address. (VPC user guide, "NAT gateways" and "Enable
internet access for VPC-connected Lambda functions".)

Routes and rules for less than 0.0.0.0/0 are ignored: Egret's own networks have none on the way to a
partner. The sandbox's NAT uses this walk too.
"""

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from webapp.aws.egress.hops import NO_PROBLEM, EgressPath, Hop, Problem
from webapp.aws.egress.network_acls import nat_subnet_problem, private_subnet_problem
from webapp.aws.errors import aws_errors, code_of
from webapp.aws.public_access import MAY_NOT_READ, block_mode
from webapp.aws.vpc_parts import (
    ALL_PROTOCOLS,
    ANYWHERE,
    PORT_MAX,
    TCP,
    acl_of_subnet,
    default_route,
    in_vpc,
    table_of_subnet,
)

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

GONE = frozenset({"NatGatewayNotFound", "InvalidInternetGatewayID.NotFound"})
ROUTE_TO_NAT = "Add a route from 0.0.0.0/0 to an available NAT gateway in a public subnet."
NAT_STATES = {
    "pending": "Wait: a NAT gateway takes about two minutes to become available.",
    "failed": "Read why in the VPC console, then delete the NAT gateway and create another one.",
}
REGIONAL_ACL = "The NAT gateway is regional: it is in no subnet, so no network ACL applies to it."
REGIONAL_TABLE = "The NAT gateway is regional: AWS made its route table, and does not show it."
REGIONAL_ADDRESS = (
    "The NAT gateway is regional: it has addresses in each zone, and AWS may add others, which the "
    "partner does not know."
)
NAT_GONE = (
    "Create a NAT gateway in the public subnet on the same address, and point the default route at "
    "it. Parking and unparking the network does both."
)


def walk(
    ec2: "EC2Client", region: str, *, subnet_id: str, group_ids: list[str], port: int
) -> EgressPath:
    """The path of a packet from the subnet to TCP `port` of any public address.

    Raises AwsError, also for a subnet or a security group that does not exist.
    """
    with aws_errors("tracing the egress path of a subnet", region):
        hops: list[Hop] = []
        walked = _Walk(ec2, subnet_id)
        for hop in walked.hops(group_ids, port):
            hops.append(hop)
            if not hop.ok:
                return EgressPath(tuple(hops))
        return EgressPath(tuple(hops), walked.source_address)


class _Walk:
    """Reads EC2 hop by hop. Take no more hops after a broken one: each relies on those before."""

    def __init__(self, ec2: "EC2Client", subnet_id: str) -> None:
        self._ec2 = ec2
        self._subnet_id = subnet_id
        self.source_address: str | None = None

    def hops(self, group_ids: list[str], port: int) -> Iterator[Hop]:
        yield self._security_group(group_ids, port)
        yield self._network_acl(port)
        table = table_of_subnet(self._tables, self._subnet_id)
        route = default_route(table)
        yield Hop("route table", table["RouteTableId"], *_route_problem(route))
        nat_id = route["NatGatewayId"]
        nat = self._nat_gateway(nat_id)
        yield Hop("NAT gateway", nat_id, *_nat_problem(nat))
        nat_subnet_id = nat.get("SubnetId", "")
        yield self._nat_acl(nat_subnet_id, port)
        yield from self._from_nat_to_internet(nat)
        yield self._public_access(nat_subnet_id)
        address = self._source(nat)
        self.source_address = address.get("PublicIp")
        note = "" if nat_subnet_id else REGIONAL_ADDRESS
        yield Hop("address", address.get("AllocationId", ""), *_address_problem(address), note=note)
        yield self._dns()

    def _security_group(self, group_ids: list[str], port: int) -> Hop:
        groups = self._ec2.describe_security_groups(GroupIds=group_ids)["SecurityGroups"]
        rules: list[Any] = [rule for g in groups for rule in g.get("IpPermissionsEgress", [])]
        allowed = any(_allows(rule, port) for rule in rules)
        problem = Problem(
            f"It does not allow outbound calls to TCP port {port}.",
            f"Add an outbound rule: TCP, port {port}, to 0.0.0.0/0.",
        )
        return Hop("security group", ",".join(group_ids), *(NO_PROBLEM if allowed else problem))

    def _network_acl(self, port: int) -> Hop:
        acl = acl_of_subnet(self._acls, self._subnet_id)
        return Hop("network ACL", _acl_id(acl), *private_subnet_problem(acl, port))

    def _nat_acl(self, nat_subnet_id: str, port: int) -> Hop:
        """AWS applies no network ACL between two interfaces of the same subnet."""
        if not nat_subnet_id:
            return Hop("NAT gateway's network ACL", "", note=REGIONAL_ACL)
        acl = acl_of_subnet(self._acls, nat_subnet_id)
        problem = NO_PROBLEM
        if nat_subnet_id != self._subnet_id:
            problem = nat_subnet_problem(acl, port, self._subnet["CidrBlock"])
        return Hop("NAT gateway's network ACL", _acl_id(acl), *problem)

    def _from_nat_to_internet(self, nat: Any) -> Iterator[Hop]:
        name, table = "NAT gateway's route table", self._nat_table(nat)
        if not nat.get("SubnetId") and "Routes" not in table:
            yield Hop(name, table["RouteTableId"], note=REGIONAL_TABLE)
            return
        route = default_route(table)
        yield Hop(name, table["RouteTableId"], *_nat_route_problem(route))
        gateway_id = route["GatewayId"]
        yield Hop("internet gateway", gateway_id, *self._gateway_problem(gateway_id))

    def _nat_table(self, nat: Any) -> Any:
        """The route table of its subnet; a regional one has a table of its own."""
        if nat.get("SubnetId"):
            return table_of_subnet(self._tables, nat["SubnetId"])
        own = {"RouteTableId": nat.get("RouteTableId", "")}
        return next((t for t in self._tables if t["RouteTableId"] == own["RouteTableId"]), own)

    def _source(self, nat: Any) -> dict[str, str]:
        """The address that it calls from. A regional one has some in each zone."""
        held = nat.get("NatGatewayAddresses") or []
        zone = self._subnet.get("AvailabilityZone")
        here = [address for address in held if address.get("AvailabilityZone") == zone]
        return _primary(here if here and not nat.get("SubnetId") else held)

    def _nat_gateway(self, nat_id: str) -> Any:
        try:
            found: Any = self._ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"]
        except ClientError as error:
            found = _none_if_gone(error)
        return found[0] if found else {"State": "gone"}

    def _gateway_problem(self, gateway_id: str) -> Problem:
        try:
            answer: Any = self._ec2.describe_internet_gateways(InternetGatewayIds=[gateway_id])
            found: list[Any] = answer["InternetGateways"]
        except ClientError as error:
            found = _none_if_gone(error)
        attached_to = [a.get("VpcId") for gateway in found for a in gateway["Attachments"]]
        if self._vpc_id in attached_to:
            return NO_PROBLEM
        return Problem("It is not attached to the VPC.", f"Attach it to {self._vpc_id}.")

    def _public_access(self, nat_subnet_id: str) -> Hop:
        found = block_mode(self._ec2)
        problem = Problem(
            "It closes every internet gateway of the region, in both directions.",
            found.repair(self._vpc_id),
        )
        if not found.closes(self._vpc_id, nat_subnet_id):
            problem = NO_PROBLEM
        note = "" if found.readable else MAY_NOT_READ
        return Hop("VPC Block Public Access", self._vpc_id, *problem, note=note)

    def _dns(self) -> Hop:
        support = self._ec2.describe_vpc_attribute(
            VpcId=self._vpc_id, Attribute="enableDnsSupport"
        )["EnableDnsSupport"]
        problem = Problem(
            "DNS resolution (enableDnsSupport) is off: the partner's name cannot be resolved.",
            "Turn on DNS resolution in the settings of the VPC.",
        )
        return Hop("DNS", self._vpc_id, *(NO_PROBLEM if support.get("Value") else problem))

    @cached_property
    def _subnet(self) -> Any:
        return self._ec2.describe_subnets(SubnetIds=[self._subnet_id])["Subnets"][0]

    @property
    def _vpc_id(self) -> str:
        return str(self._subnet["VpcId"])

    @cached_property
    def _acls(self) -> list[Any]:
        return list(self._ec2.describe_network_acls(Filters=in_vpc(self._vpc_id))["NetworkAcls"])

    @cached_property
    def _tables(self) -> list[Any]:
        return list(self._ec2.describe_route_tables(Filters=in_vpc(self._vpc_id))["RouteTables"])


def _none_if_gone(error: ClientError) -> list[Any]:
    """A route may outlive its target, and then names something that AWS does not find."""
    if code_of(error) not in GONE:
        raise error
    return []


def _acl_id(acl: Any) -> str:
    return str(acl.get("NetworkAclId", ""))


def _primary(addresses: list[Any]) -> dict[str, str]:
    """The address that AWS uses for connections until its ports are used up."""
    return next((a for a in addresses if a.get("IsPrimary")), addresses[0] if addresses else {})


def _allows(rule: Any, port: int) -> bool:
    everywhere = any(
        IPv4Network(allowed["CidrIp"]).supernet_of(IPv4Network(ANYWHERE))
        for allowed in rule.get("IpRanges", [])
    )
    if rule["IpProtocol"] == ALL_PROTOCOLS:
        return everywhere
    in_range = rule.get("FromPort", 0) <= port <= rule.get("ToPort", PORT_MAX)
    return everywhere and rule["IpProtocol"] in TCP and in_range


def _route_problem(route: Any) -> Problem:
    if not route:
        return Problem("It has no default route.", ROUTE_TO_NAT)
    if route.get("State") == "blackhole":
        return Problem("Its default route points at a NAT gateway that is gone.", NAT_GONE)
    if _leads_to_internet_gateway(route):
        return Problem(
            "It is a public subnet: a function's interface has no public address there.",
            "Point the default route at a NAT gateway, or move the function to a private subnet.",
        )
    if route.get("NatGatewayId"):
        return NO_PROBLEM
    return Problem("Its default route does not point at a NAT gateway.", ROUTE_TO_NAT)


def _nat_problem(nat: Any) -> Problem:
    state = nat["State"]
    if state == "available":
        return NO_PROBLEM
    return Problem(f"It is {state}.", NAT_STATES.get(state, NAT_GONE))


def _nat_route_problem(route: Any) -> Problem:
    if _leads_to_internet_gateway(route):
        return NO_PROBLEM
    return Problem(
        "It has no route to an internet gateway.",
        "Add a route from 0.0.0.0/0 to the VPC's internet gateway to it.",
    )


def _leads_to_internet_gateway(route: Any) -> bool:
    return str(route.get("GatewayId", "")).startswith("igw-")


def _address_problem(address: dict[str, str]) -> Problem:
    if address.get("PublicIp"):
        return NO_PROBLEM
    return Problem(
        "The NAT gateway has no public address.",
        "Its address was taken from it. Park and unpark the network: that creates a new NAT "
        "gateway on the same address.",
    )
