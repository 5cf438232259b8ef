"""The walk from a subnet to the internet, as packets go: the first broken hop is the reason.

security group → network ACL → route table → NAT gateway → its network ACL → its subnet's route →
internet gateway → address → DNS. A function in a public subnet gets nowhere: its interface has no
public address. (VPC user guide, "NAT gateways" and "Enable internet access for VPC-connected Lambda
functions".)

Routes and rules for less than 0.0.0.0/0 are not followed: Egret's own networks have none on the way
to a partner. The sandbox's NAT takes the same walk.
"""

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from webapp.aws.egress import network_acls
from webapp.aws.egress.hops import SOUND, EgressPath, Fault, Hop
from webapp.aws.errors import code_of, translated

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ANYWHERE = "0.0.0.0/0"
ALL_PROTOCOLS, TCP = "-1", ("tcp", "6")
GONE = frozenset({"NatGatewayNotFound", "InvalidInternetGatewayID.NotFound"})
ROUTE_TO_NAT = (
    "Give the table a route from 0.0.0.0/0 to an available NAT gateway that is in a public subnet."
)
NAT_STATES = {
    "pending": "Wait: a NAT gateway takes two minutes or so to become available.",
    "failed": "Read why in the VPC console; delete the NAT gateway and make another one.",
}
NAT_GONE = (
    "Make a NAT gateway in the public subnet on the same address, and lead the default route to "
    "it. Parking the network and unparking it does both."
)


def walk(
    ec2: "EC2Client", region: str, *, subnet_id: str, group_ids: list[str], port: int
) -> EgressPath:
    """Where a packet from the subnet to a public address's TCP `port` comes out.

    Raises AwsError, also for a subnet or a security group that does not exist.
    """
    with translated("following the way out of a subnet", region):
        hops: list[Hop] = []
        trail = _Trail(ec2, subnet_id)
        for hop in trail.hops(group_ids, port):
            hops.append(hop)
            if not hop.ok:
                return EgressPath(tuple(hops))
        return EgressPath(tuple(hops), trail.source_address)


class _Trail:
    """Reads EC2 as it goes, so nothing is asked for behind a broken hop."""

    def __init__(self, ec2: "EC2Client", subnet_id: str) -> None:
        self._ec2 = ec2
        self._subnet_id = subnet_id
        self.source_address: str | None = None

    def hops(self, group_ids: list[str], port: int) -> Iterator[Hop]:
        yield self._security_group(group_ids, port)
        acl = self._acl(self._subnet_id)
        yield Hop("network ACL", _acl_id(acl), *network_acls.fault_of_private(acl, port))
        route = self._default_route(self._subnet_id)
        nat_id = route.get("NatGatewayId", "")
        yield Hop("route table", route["RouteTableId"], *_route_fault(route))
        nat = self._nat_gateway(nat_id)
        yield Hop("NAT gateway", nat_id, *_nat_fault(nat))
        yield self._outer_acl(nat["SubnetId"], port)
        outer = self._default_route(nat["SubnetId"])
        gateway_id = outer.get("GatewayId", "")
        yield Hop("NAT gateway's route table", outer["RouteTableId"], *_outer_fault(outer))
        yield Hop("internet gateway", gateway_id, *self._gateway_fault(gateway_id))
        held = _primary(nat.get("NatGatewayAddresses") or [])
        self.source_address = held.get("PublicIp")
        yield Hop("address", held.get("AllocationId", ""), *_address_fault(held))
        yield self._dns()

    def _security_group(self, group_ids: list[str], port: int) -> Hop:
        groups = self._ec2.describe_security_groups(GroupIds=group_ids)["SecurityGroups"]
        rules: list[Any] = [rule for g in groups for rule in g.get("IpPermissionsEgress", [])]
        allowed = any(_lets_out(rule, port) for rule in rules)
        fault = Fault(
            f"It lets nothing out to TCP port {port}.",
            f"Add an outbound rule: TCP, port {port}, to 0.0.0.0/0.",
        )
        return Hop("security group", ",".join(group_ids), *(SOUND if allowed else fault))

    def _outer_acl(self, subnet_id: str, port: int) -> Hop:
        """Between two interfaces of one subnet no network ACL counts again."""
        acl = self._acl(subnet_id)
        inside = self._subnet["CidrBlock"]
        same = subnet_id == self._subnet_id
        fault = SOUND if same else network_acls.fault_of_public(acl, port, inside)
        return Hop("NAT gateway's network ACL", _acl_id(acl), *fault)

    def _acl(self, subnet_id: str) -> Any:
        """Every subnet is associated with exactly one."""
        for acl in self._acls:
            if any(a["SubnetId"] == subnet_id for a in acl.get("Associations", [])):
                return acl
        return {}

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
        for table in self._tables:
            if any(a.get("SubnetId") == subnet_id for a in table.get("Associations", [])):
                return table
        mains = (t for t in self._tables if any(a.get("Main") for a in t.get("Associations", [])))
        return next(mains, {"RouteTableId": ""})

    def _nat_gateway(self, nat_id: str) -> Any:
        try:
            found: Any = self._ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"]
        except ClientError as error:
            found = _nothing_if_gone(error)
        return found[0] if found else {"State": "gone"}

    def _gateway_fault(self, gateway_id: str) -> Fault:
        try:
            answer: Any = self._ec2.describe_internet_gateways(InternetGatewayIds=[gateway_id])
            found: list[Any] = answer["InternetGateways"]
        except ClientError as error:
            found = _nothing_if_gone(error)
        attached = [held.get("VpcId") for gateway in found for held in gateway["Attachments"]]
        if self._vpc_id in attached:
            return SOUND
        return Fault("It is not attached to the VPC.", f"Attach it to {self._vpc_id}.")

    def _dns(self) -> Hop:
        support = self._ec2.describe_vpc_attribute(
            VpcId=self._vpc_id, Attribute="enableDnsSupport"
        )["EnableDnsSupport"]
        fault = Fault(
            "DNS resolution (enableDnsSupport) is off: the partner's name has no address.",
            "Turn on DNS resolution in the settings of the VPC.",
        )
        return Hop("DNS", self._vpc_id, *(SOUND if support.get("Value") else fault))

    @cached_property
    def _subnet(self) -> Any:
        return self._ec2.describe_subnets(SubnetIds=[self._subnet_id])["Subnets"][0]

    @property
    def _vpc_id(self) -> str:
        vpc_id: str = self._subnet["VpcId"]
        return vpc_id

    @cached_property
    def _acls(self) -> list[Any]:
        here: Any = [{"Name": "vpc-id", "Values": [self._vpc_id]}]
        return list(self._ec2.describe_network_acls(Filters=here)["NetworkAcls"])

    @cached_property
    def _tables(self) -> list[Any]:
        here: Any = [{"Name": "vpc-id", "Values": [self._vpc_id]}]
        return list(self._ec2.describe_route_tables(Filters=here)["RouteTables"])


def _nothing_if_gone(error: ClientError) -> list[Any]:
    """A route may outlive what it leads to."""
    if code_of(error) not in GONE:
        raise error
    return []


def _acl_id(acl: Any) -> str:
    found: str = acl.get("NetworkAclId", "")
    return found


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


def _route_fault(route: dict[str, Any]) -> Fault:
    if route.get("State") == "blackhole":
        return Fault("Its default route leads to a NAT gateway that is gone.", NAT_GONE)
    if str(route.get("GatewayId", "")).startswith("igw-"):
        return Fault(
            "It is a public subnet: a function's interface has no public address there.",
            "Lead the default route to a NAT gateway, or put the function into a private subnet.",
        )
    if route.get("NatGatewayId"):
        return SOUND
    leads_on = "DestinationCidrBlock" in route
    detail = "Its default route leads past the NAT." if leads_on else "It has no default route."
    return Fault(detail, ROUTE_TO_NAT)


def _nat_fault(nat: Any) -> Fault:
    state = nat["State"]
    if state == "available":
        return SOUND
    return Fault(f"It is {state}.", NAT_STATES.get(state, NAT_GONE))


def _outer_fault(route: dict[str, Any]) -> Fault:
    if str(route.get("GatewayId", "")).startswith("igw-"):
        return SOUND
    return Fault(
        "The NAT gateway's subnet has no route to an internet gateway.",
        "Give its route table a route from 0.0.0.0/0 to the VPC's internet gateway.",
    )


def _address_fault(held: dict[str, str]) -> Fault:
    if held.get("PublicIp"):
        return SOUND
    return Fault(
        "The NAT gateway holds no public address.",
        "Its address was taken from it. Park the network and unpark it: the NAT gateway is made "
        "anew on the same address.",
    )
