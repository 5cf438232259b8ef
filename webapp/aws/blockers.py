"""Blockers: what is in a VPC that its stack did not make, and keeps the VPC from being deleted.

CloudFormation says no more than "has dependencies and cannot be deleted". What depends on a VPC is
listed by many calls, so each kind has one here, with what a person can do about it. A kind that
the policy does not let us list is a blocker too: it may hide one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import NOT_OFFERED, PERMISSION_MISSING, aws_errors, code_of
from webapp.aws.interface_owners import remedy_for_interface
from webapp.aws.tags import NAME_TAG, tags_of
from webapp.aws.vpc_parts import in_vpc

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_lambda import LambdaClient

VPC = "Vpc"
"""The logical id of the VPC in network.yaml."""
ALIVE = {
    "NAT gateway": ("pending", "available", "deleting"),
    "peering connection": ("initiating-request", "pending-acceptance", "provisioning", "active"),
}
"""AWS goes on listing what was deleted; only these states block."""


NAMED_MAX = 10
OPTIONAL = "lambda:ListFunctions"
"""A permission that the policy may well lack, because it shows the variables of all functions. The
interfaces tell of every function that blocks."""


@dataclass(frozen=True)
class Blocker:
    """`what` names it: kind, id, owner and description. `remedy` is one sentence."""

    id: str
    what: str
    remedy: str


class Blockers:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def find(self, region: str, stack_id: str) -> list[Blocker]:
        """What is in the VPC of the stack besides what the stack made; [] if it has none."""
        with aws_errors("listing what is in the VPC", region):
            made = self._made(region, stack_id)
            if not made.get(VPC):
                return []
            ec2, awslambda = self._clients.ec2(region), self._clients.awslambda(region)
            found = _Vpc(ec2, awslambda, made[VPC], frozenset(made.values()))
            return list(found.blockers())

    def told(self, region: str, stack_id: str) -> tuple[str, str]:
        """What is in the VPC, and what to do about each; '' when nothing is. Names not too many."""
        blockers = self.find(region, stack_id)
        if not blockers:
            return "", ""
        shown, more = blockers[:NAMED_MAX], len(blockers) - NAMED_MAX
        named = "; ".join(blocker.what for blocker in shown)
        others = f"; and {more} more" if more > 0 else ""
        remedies = dict.fromkeys(blocker.remedy for blocker in shown)
        return f"Still in the VPC: {named}{others}.", " ".join(remedies)

    def vpc_of(self, region: str, stack_id: str) -> str:
        """The id of the VPC that the stack has made, deleted or not; '' if it made none."""
        with aws_errors("looking for the VPC of the stack", region):
            return self._made(region, stack_id).get(VPC, "")

    def _made(self, region: str, stack_id: str) -> dict[str, str]:
        """Logical id → physical id of everything that the stack has made, deleted or not."""
        found: Any = self._clients.cloudformation(region).describe_stack_resources(
            StackName=stack_id
        )["StackResources"]
        physical = {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in found}
        return {logical: id for logical, id in physical.items() if id}


class _Vpc:
    """`made` are the physical ids of the stack."""

    def __init__(
        self, ec2: "EC2Client", awslambda: "LambdaClient", vpc_id: str, made: frozenset[str]
    ) -> None:
        self._ec2: Any = ec2
        self._lambda = awslambda
        self._vpc_id = vpc_id
        self._made = made

    def blockers(self) -> Iterator[Blocker]:
        """In the order in which they are best removed."""
        kinds: list[tuple[str, Callable[[], Iterator[Blocker]]]] = [
            (OPTIONAL, self._functions),
            ("ec2:DescribeVpcEndpoints", self._endpoints),
            ("ec2:DescribeNatGateways", self._nat_gateways),
            ("ec2:DescribeNetworkInterfaces", self._interfaces),
            ("ec2:DescribeVpcPeeringConnections", self._peerings),
            ("ec2:DescribeVpnGateways", self._vpn_gateways),
            ("ec2:DescribeInternetGateways", self._internet_gateways),
            ("ec2:DescribeEgressOnlyInternetGateways", self._egress_only_gateways),
            ("ec2:DescribeCarrierGateways", self._carrier_gateways),
            ("ec2:DescribeSubnets", self._subnets),
            ("ec2:DescribeRouteTables", self._route_tables),
            ("ec2:DescribeNetworkAcls", self._network_acls),
            ("ec2:DescribeSecurityGroupVpcAssociations", self._associations),
            ("ec2:DescribeSecurityGroups", self._security_groups),
        ]
        for action, listed in kinds:
            try:
                yield from listed()
            except ClientError as error:
                if code_of(error) in NOT_OFFERED or action == OPTIONAL:
                    continue
                if code_of(error) not in PERMISSION_MISSING:
                    raise
                remedy = f"Allow {action} in the dashboard's policy to see more."
                yield Blocker("", f"what only {action} lists", remedy)

    def _functions(self) -> Iterator[Blocker]:
        for page in self._lambda.get_paginator("list_functions").paginate():
            for raw in page["Functions"]:
                name, vpc = raw["FunctionName"], raw.get("VpcConfig") or {}
                if vpc.get("VpcId") == self._vpc_id and self._is_foreign(name):
                    remedy = f"Delete the Lambda function {name}, or take it out of the VPC."
                    yield self._blocker("Lambda function", name, {}, remedy=remedy)

    def _endpoints(self) -> Iterator[Blocker]:
        for raw in self._all("describe_vpc_endpoints", "VpcEndpoints", in_vpc(self._vpc_id)):
            endpoint_id, service = raw["VpcEndpointId"], raw.get("ServiceName", "")
            if self._is_foreign(endpoint_id) and str(raw.get("State")).lower() != "deleted":
                yield self._blocker("VPC endpoint", endpoint_id, raw, f"to {service}")

    def _nat_gateways(self) -> Iterator[Blocker]:
        kind = "NAT gateway"
        # Only this call says Filter, although the stubs say Filters.
        pages = self._ec2.get_paginator("describe_nat_gateways").paginate(
            Filter=in_vpc(self._vpc_id)
        )
        for raw in (nat for page in pages for nat in page["NatGateways"]):
            if self._is_foreign(raw["NatGatewayId"]) and raw["State"] in ALIVE[kind]:
                yield self._blocker(kind, raw["NatGatewayId"], raw)

    def _interfaces(self) -> Iterator[Blocker]:
        """All but those of the stack's own NAT gateways; Lambda's block, whosever they are."""
        found = self._all("describe_network_interfaces", "NetworkInterfaces", in_vpc(self._vpc_id))
        for raw in found:
            description = raw.get("Description", "")
            if not any(id in description for id in self._made if id.startswith("nat-")):
                yield self._interface(raw, description)

    def _interface(self, raw: Any, description: str) -> Blocker:
        made_by = raw.get("RequesterId", "") if raw.get("RequesterManaged") else ""
        facts = [f"“{description}”" if description else "no description", raw["Status"]]
        facts += [f"made by {made_by}"] if made_by else []
        return self._blocker(
            "network interface",
            raw["NetworkInterfaceId"],
            raw,
            ", ".join(facts),
            remedy=remedy_for_interface(raw),
        )

    def _peerings(self) -> Iterator[Blocker]:
        """One call for each side, because filters must all hold."""
        kind, sides, seen = "peering connection", ("Requester", "Accepter"), set()
        for side in sides:
            mine = [{"Name": f"{side.lower()}-vpc-info.vpc-id", "Values": [self._vpc_id]}]
            found = self._all("describe_vpc_peering_connections", "VpcPeeringConnections", mine)
            for raw in found:
                vpcs = [raw.get(f"{each}VpcInfo") or {} for each in sides]
                others = [v for v in vpcs if v.get("VpcId") != self._vpc_id]
                peering_id, is_alive = raw["VpcPeeringConnectionId"], self._is_alive(kind, raw)
                if len(others) == 1 and is_alive and peering_id not in seen:
                    seen.add(peering_id)
                    other = others[0]
                    told = f"with {other.get('VpcId')} of account {other.get('OwnerId')}"
                    yield self._blocker(kind, peering_id, {"Tags": raw.get("Tags")}, told)

    def _vpn_gateways(self) -> Iterator[Blocker]:
        attached = [{"Name": "attachment.vpc-id", "Values": [self._vpc_id]}]
        for raw in self._ec2.describe_vpn_gateways(Filters=attached)["VpnGateways"]:
            here = [a for a in raw.get("VpcAttachments") or [] if a.get("VpcId") == self._vpc_id]
            if any(a.get("State") != "detached" for a in here):
                remedy = f"Detach the VPN gateway {raw['VpnGatewayId']} from {self._vpc_id}."
                yield self._blocker("VPN gateway", raw["VpnGatewayId"], raw, remedy=remedy)

    def _internet_gateways(self) -> Iterator[Blocker]:
        attached = [{"Name": "attachment.vpc-id", "Values": [self._vpc_id]}]
        for raw in self._all("describe_internet_gateways", "InternetGateways", attached):
            gateway_id, here = raw["InternetGatewayId"], raw.get("Attachments") or []
            is_here = any(a.get("VpcId") == self._vpc_id for a in here)
            if is_here and self._is_foreign(gateway_id):
                remedy = f"Detach the internet gateway {gateway_id} from {self._vpc_id}."
                yield self._blocker("internet gateway", gateway_id, raw, remedy=remedy)

    def _egress_only_gateways(self) -> Iterator[Blocker]:
        found = self._all(
            "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", []
        )
        for raw in found:
            if any(a.get("VpcId") == self._vpc_id for a in raw.get("Attachments") or []):
                gateway_id = raw["EgressOnlyInternetGatewayId"]
                yield self._blocker("egress-only internet gateway", gateway_id, raw)

    def _carrier_gateways(self) -> Iterator[Blocker]:
        found = self._all("describe_carrier_gateways", "CarrierGateways", in_vpc(self._vpc_id))
        for raw in found:
            if raw.get("State") != "deleted":
                yield self._blocker("carrier gateway", raw["CarrierGatewayId"], raw)

    def _subnets(self) -> Iterator[Blocker]:
        for raw in self._all("describe_subnets", "Subnets", in_vpc(self._vpc_id)):
            if self._is_foreign(raw["SubnetId"]):
                yield self._blocker("subnet", raw["SubnetId"], raw, raw.get("CidrBlock", ""))

    def _route_tables(self) -> Iterator[Blocker]:
        for raw in self._all("describe_route_tables", "RouteTables", in_vpc(self._vpc_id)):
            is_main = any(a.get("Main") for a in raw.get("Associations") or [])
            if not is_main and self._is_foreign(raw["RouteTableId"]):
                yield self._blocker("route table", raw["RouteTableId"], raw)

    def _network_acls(self) -> Iterator[Blocker]:
        for raw in self._all("describe_network_acls", "NetworkAcls", in_vpc(self._vpc_id)):
            if not raw.get("IsDefault") and self._is_foreign(raw["NetworkAclId"]):
                yield self._blocker("network ACL", raw["NetworkAclId"], raw)

    def _associations(self) -> Iterator[Blocker]:
        """A group of ours that another VPC uses, and a group of another VPC that ours uses."""
        groups = sorted(id for id in self._made if id.startswith("sg-"))
        ours = [{"Name": "group-id", "Values": groups}] if groups else []
        for filters in filter(None, (ours, in_vpc(self._vpc_id))):
            call, field = "describe_security_group_vpc_associations", "SecurityGroupVpcAssociations"
            for raw in self._all(call, field, filters):
                group_id, vpc_id = raw["GroupId"], raw["VpcId"]
                if raw.get("State") in ("associating", "associated", "disassociation-failed"):
                    told = f"with {vpc_id}"
                    remedy = f"Disassociate the security group {group_id} from {vpc_id}."
                    kind = "association of the security group"
                    yield self._blocker(kind, group_id, {}, told, remedy=remedy)

    def _security_groups(self) -> Iterator[Blocker]:
        """The default group goes with the VPC, unless one of its rules names a group of ours."""
        for raw in self._all("describe_security_groups", "SecurityGroups", in_vpc(self._vpc_id)):
            group_id, name = raw["GroupId"], raw.get("GroupName", "")
            named = sorted(_groups_in_rules(raw) & self._made)
            if group_id in self._made:
                continue
            if name != "default":
                yield self._blocker("security group", group_id, raw, f"“{name}”")
            elif named:
                remedy = f"Remove the rules about {', '.join(named)} from {group_id}."
                yield self._blocker("security group", group_id, raw, f"“{name}”", remedy=remedy)

    def _blocker(
        self, kind: str, id: str, raw: Any, told: str = "", *, remedy: str = ""
    ) -> Blocker:
        """`told` is what else is known of it."""
        name, owner = tags_of(raw).get(NAME_TAG, ""), raw.get("OwnerId", "")
        facts = [told, f"named “{name}”" if name else "", f"of account {owner}" if owner else ""]
        known = ", ".join(fact for fact in facts if fact)
        what = f"{kind} {id} ({known})" if known else f"{kind} {id}"
        return Blocker(id, what, remedy or f"Delete the {kind} {id}.")

    def _is_foreign(self, id: str) -> bool:
        return id not in self._made

    def _is_alive(self, kind: str, raw: Any) -> bool:
        return (raw.get("Status") or {}).get("Code") in ALIVE[kind]

    def _all(self, call: str, field: str, filters: list[Any]) -> list[Any]:
        arguments = {"Filters": filters} if filters else {}
        pages = self._ec2.get_paginator(call).paginate(**arguments)
        return [raw for page in pages for raw in page[field]]


def _groups_in_rules(group: Any) -> set[str]:
    rules = [*group.get("IpPermissions", []), *group.get("IpPermissionsEgress", [])]
    return {p.get("GroupId", "") for rule in rules for p in rule.get("UserIdGroupPairs", [])}
