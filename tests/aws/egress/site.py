"""A VPC with an egress path, made by single calls so that each can be undone."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.dashboard import wait_for
from webapp.aws.egress.hops import EgressPath
from webapp.aws.egress.walk import walk
from webapp.aws.vpc_parts import ANYWHERE

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

REGION = "us-east-1"
NAT_TIMEOUT_S = 20.0
HTTPS = 443


@dataclass
class Site:
    """A VPC with a way out, made by single calls so that each can be undone."""

    ec2: "EC2Client"
    vpc: str = ""
    gateway: str = ""
    public: str = ""
    private: str = ""
    public_table: str = ""
    private_table: str = ""
    allocations: list[str] = field(default_factory=list)
    nats: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    def build(self) -> None:
        self.vpc = self.ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.public, self.private = self.subnet("10.77.0.0/24"), self.subnet("10.77.1.0/24")
        self.public_table, self.private_table = self.table(self.public), self.table(self.private)
        self.route(self.public_table, GatewayId=self.gateway)
        self.route(self.private_table, NatGatewayId=self.nat(self.public))

    def subnet(self, cidr: str) -> str:
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]

    def table(self, subnet_id: str) -> str:
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
        return table

    def route(self, table: str, **target: str) -> None:
        arguments: Any = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE} | target
        self.ec2.create_route(**arguments)

    def no_route(self, table: str) -> None:
        self.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)

    def nat(self, subnet_id: str) -> str:
        allocation = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.allocations.append(allocation)
        made = self.ec2.create_nat_gateway(SubnetId=subnet_id, AllocationId=allocation)
        nat = made["NatGateway"]["NatGatewayId"]
        self.nats.append(nat)
        wait_for(lambda: self.nat_state(nat) == "available", NAT_TIMEOUT_S)
        return nat

    def nat_state(self, nat: str) -> str:
        found = self.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
        return found[0]["State"] if found else "deleted"

    def address(self) -> str:
        found = self.ec2.describe_addresses(AllocationIds=self.allocations[:1])["Addresses"]
        return found[0]["PublicIp"]

    def group(self, protocol: str, first: int, last: int, cidr: str = ANYWHERE) -> str:
        """A security group that lets out nothing but this."""
        made: Any = self.ec2.create_security_group(
            GroupName=f"group-{len(self.groups)}", Description="out", VpcId=self.vpc
        )
        group: str = made["GroupId"]
        self.groups.append(group)
        found: Any = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        if found["IpPermissionsEgress"]:
            self.ec2.revoke_security_group_egress(
                GroupId=group, IpPermissions=found["IpPermissionsEgress"]
            )
        ports: Any = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
        rule = {"IpProtocol": protocol, "IpRanges": [{"CidrIp": cidr}]} | ports
        self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])
        return group

    def acl_of(self, subnet_id: str) -> str:
        return str(self._acl(subnet_id)["NetworkAclId"])

    def own_acl(self, subnet_id: str, *entries: tuple[int, str, bool, str, int, int]) -> str:
        """A network ACL of the subnet's own: number, action, outbound, range, first, last port."""
        made: Any = self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        for number, action, egress, cidr, first, last in entries:
            arguments: Any = {"RuleAction": action, "PortRange": {"From": first, "To": last}}
            self.ec2.create_network_acl_entry(
                NetworkAclId=made,
                RuleNumber=number,
                Protocol="6",
                Egress=egress,
                CidrBlock=cidr,
                **arguments,
            )
        held = next(a for a in self._acl(subnet_id)["Associations"] if a["SubnetId"] == subnet_id)
        self.ec2.replace_network_acl_association(
            AssociationId=held["NetworkAclAssociationId"], NetworkAclId=made
        )
        return str(made)

    def _acl(self, subnet_id: str) -> Any:
        there: Any = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
        (found,) = self.ec2.describe_network_acls(Filters=there)["NetworkAcls"]
        return found

    def walk(self, subnet_id: str = "", groups: list[str] | None = None) -> EgressPath:
        chosen = groups or [self.group("tcp", HTTPS, HTTPS)]
        return walk(
            self.ec2, REGION, subnet_id=subnet_id or self.private, group_ids=chosen, port=HTTPS
        )

    def clear(self) -> None:
        for nat in self.nats:
            self.ec2.delete_nat_gateway(NatGatewayId=nat)
        wait_for(lambda: {self.nat_state(n) for n in self.nats} == {"deleted"}, NAT_TIMEOUT_S)
        for allocation in self.allocations:
            self.ec2.release_address(AllocationId=allocation)
        for group in self.groups:
            self.ec2.delete_security_group(GroupId=group)
        here: Any = [{"Name": "vpc-id", "Values": [self.vpc]}]
        for subnet in self.ec2.describe_subnets(Filters=here)["Subnets"]:
            self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        for acl in self.ec2.describe_network_acls(Filters=here)["NetworkAcls"]:
            if not acl["IsDefault"]:
                self.ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        for table in (self.public_table, self.private_table):
            self.ec2.delete_route_table(RouteTableId=table)
        self.ec2.detach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.ec2.delete_internet_gateway(InternetGatewayId=self.gateway)
        self.ec2.delete_vpc(VpcId=self.vpc)
