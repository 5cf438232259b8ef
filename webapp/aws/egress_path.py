"""The walk from a subnet to the internet, as packets go: the first broken hop is the reason.

security group → route table → NAT gateway → its subnet's route → internet gateway → address. A
function in a public subnet gets nowhere: its interface has no public address. (VPC user guide,
"NAT gateways" and "Enable internet access for VPC-connected Lambda functions".)

Network ACLs and routes narrower than 0.0.0.0/0 are not followed: Egret's own networks have none on
the way to a partner.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from webapp.aws.errors import translated

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ANYWHERE = "0.0.0.0/0"
ALL_PROTOCOLS, TCP = "-1", ("tcp", "6")
GONE = frozenset({"NatGatewayNotFound", "InvalidInternetGatewayID.NotFound"})


@dataclass(frozen=True)
class Hop:
    """One thing that a packet passes. `detail` says what is wrong, '' when nothing is."""

    name: str
    resource_id: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        return not self.detail


@dataclass(frozen=True)
class EgressPath:
    """The hops up to and including the first broken one; the address when none is."""

    hops: tuple[Hop, ...]
    source_address: str | None = None

    @property
    def broken(self) -> Hop | None:
        return next((hop for hop in self.hops if not hop.ok), None)


def walk(
    ec2: "EC2Client", region: str, *, subnet_id: str, group_ids: list[str], port: int
) -> EgressPath:
    """Where a packet from the subnet to a public address's TCP `port` comes out.

    Raises AwsError, also for a subnet or a security group that does not exist.
    """
    with translated("following the way out of a subnet", region):
        hops: list[Hop] = []
        trail = _Trail(ec2)
        for hop in trail.hops(subnet_id, group_ids, port):
            hops.append(hop)
            if not hop.ok:
                return EgressPath(tuple(hops))
        return EgressPath(tuple(hops), trail.source_address)


class _Trail:
    """Reads EC2 as it goes, so nothing is asked for behind a broken hop."""

    def __init__(self, ec2: "EC2Client") -> None:
        self._ec2 = ec2
        self.source_address: str | None = None

    def hops(self, subnet_id: str, group_ids: list[str], port: int) -> Iterator[Hop]:
        yield self._security_group(group_ids, port)
        route = self._default_route(subnet_id)
        nat_id = route.get("NatGatewayId", "")
        yield Hop("route table", route["RouteTableId"], _route_fault(route))
        nat = self._nat_gateway(nat_id)
        yield Hop("NAT gateway", nat_id, _nat_fault(nat))
        outer = self._default_route(nat["SubnetId"])
        gateway_id = outer.get("GatewayId", "")
        yield Hop("NAT gateway's route table", outer["RouteTableId"], _outer_fault(outer))
        yield Hop("internet gateway", gateway_id, self._gateway_fault(gateway_id, nat["VpcId"]))
        held = _primary(nat.get("NatGatewayAddresses") or [])
        self.source_address = held.get("PublicIp")
        missing = "" if self.source_address else "The NAT gateway holds no public address."
        yield Hop("address", held.get("AllocationId", ""), missing)

    def _security_group(self, group_ids: list[str], port: int) -> Hop:
        groups = self._ec2.describe_security_groups(GroupIds=group_ids)["SecurityGroups"]
        rules: list[Any] = [rule for g in groups for rule in g.get("IpPermissionsEgress", [])]
        allowed = any(_lets_out(rule, port) for rule in rules)
        detail = "" if allowed else f"It lets nothing out to TCP port {port}."
        return Hop("security group", ",".join(group_ids), detail)

    def _default_route(self, subnet_id: str) -> dict[str, Any]:
        """The subnet's route to anywhere; just the table's id when there is none."""
        table = self._table(subnet_id)
        routes: list[Any] = table.get("Routes", [])
        found: dict[str, Any] = next(
            (r for r in routes if r.get("DestinationCidrBlock") == ANYWHERE), {}
        )
        return {"RouteTableId": table["RouteTableId"], **found}

    def _table(self, subnet_id: str) -> Any:
        """The table that is associated with the subnet, or else its VPC's main one."""
        vpc_id = self._ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]["VpcId"]
        tables: list[Any] = self._ec2.describe_route_tables(
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]
        )["RouteTables"]
        for table in tables:
            if any(a.get("SubnetId") == subnet_id for a in table.get("Associations", [])):
                return table
        mains = (t for t in tables if any(a.get("Main") for a in t.get("Associations", [])))
        return next(mains, {"RouteTableId": ""})

    def _nat_gateway(self, nat_id: str) -> Any:
        try:
            found: Any = self._ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"]
        except ClientError as error:
            found = _nothing_if_gone(error)
        return found[0] if found else {"State": "gone"}

    def _gateway_fault(self, gateway_id: str, vpc_id: str) -> str:
        try:
            answer: Any = self._ec2.describe_internet_gateways(InternetGatewayIds=[gateway_id])
            found: list[Any] = answer["InternetGateways"]
        except ClientError as error:
            found = _nothing_if_gone(error)
        attached = [held.get("VpcId") for gateway in found for held in gateway["Attachments"]]
        return "" if vpc_id in attached else "It is not attached to the VPC."


def _nothing_if_gone(error: ClientError) -> list[Any]:
    """A route may outlive what it leads to."""
    if error.response["Error"].get("Code") not in GONE:
        raise error
    return []


def _primary(addresses: list[Any]) -> dict[str, str]:
    """The one that connections come from until its ports are used up."""
    return next((a for a in addresses if a.get("IsPrimary")), addresses[0] if addresses else {})


def _lets_out(rule: Any, port: int) -> bool:
    everywhere = any(
        IPv4Network(allowed["CidrIp"]).supernet_of(IPv4Network(ANYWHERE))
        for allowed in rule.get("IpRanges", [])
    )
    if rule["IpProtocol"] == ALL_PROTOCOLS:
        return everywhere
    in_range = rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)
    return everywhere and rule["IpProtocol"] in TCP and in_range


def _route_fault(route: dict[str, Any]) -> str:
    if route.get("State") == "blackhole":
        return "Its default route leads to a NAT gateway that is gone."
    if str(route.get("GatewayId", "")).startswith("igw-"):
        return "It is a public subnet: a function's interface has no public address there."
    if route.get("NatGatewayId"):
        return ""
    leads_on = "DestinationCidrBlock" in route
    return "Its default route leads past the NAT." if leads_on else "It has no default route."


def _nat_fault(nat: Any) -> str:
    return "" if nat["State"] == "available" else f"It is {nat['State']}."


def _outer_fault(route: dict[str, Any]) -> str:
    is_gateway = str(route.get("GatewayId", "")).startswith("igw-")
    return "" if is_gateway else "The NAT gateway's subnet has no route to an internet gateway."
