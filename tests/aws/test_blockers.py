"""What is in a network's VPC and was not made by its stack, each with what to do about it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.faults.proxy import Proxy, Rule
from tests.sandbox.lab import Lab, subnet, vpc
from tests.services.scripted import LISTS_OF_A_VPC, NOTHING_USED, ScriptedAws, refusal
from webapp.aws.blockers import NAMED_MAX, Blocker, Blockers
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Stack

UUID = "1b2c3d4e-0a1b-2c3d-4e5f-0123456789ab"
GROUP = {
    "Type": "AWS::EC2::SecurityGroup",
    "Properties": {"GroupDescription": "out", "VpcId": {"Ref": "Vpc"}},
}


@pytest.fixture
def stack(lab: Lab) -> Stack:
    outputs = {"Vpc": {"Ref": "Vpc"}, "Group": {"Ref": "Group"}, "Public": {"Ref": "Public"}}
    resources = vpc() | {"Public": subnet("10.50.0.0/24"), "Group": GROUP}
    return lab.deployed(resources, outputs)


@pytest.fixture
def undo() -> Iterator[list[Callable[[], Any]]]:
    """What a test puts here is called at its end, the last first."""
    calls: list[Callable[[], Any]] = []
    yield calls
    for call in reversed(calls):
        call()


def found(lab: Lab, stack: Stack) -> dict[str, Blocker]:
    listed = Blockers(lab.clients).find(lab.region, stack.id)
    return {blocker.id: blocker for blocker in listed}


def test_what_the_stack_made_and_what_a_vpc_comes_with_is_nobodys(lab: Lab, stack: Stack) -> None:
    assert found(lab, stack) == {}


def test_an_interface_is_named_with_its_description_and_its_owner(
    lab: Lab, stack: Stack, undo: list[Callable[[], Any]]
) -> None:
    ec2, ids = lab.clients.ec2(lab.region), []
    for description in ("bastion of team a", f"AWS Lambda VPC ENI-theirs-{UUID}"):
        made = ec2.create_network_interface(
            SubnetId=stack.outputs["Public"], Description=description
        )["NetworkInterface"]
        ids.append(made["NetworkInterfaceId"])
        undo.append(partial(ec2.delete_network_interface, NetworkInterfaceId=ids[-1]))
    bastion, function = (found(lab, stack)[id] for id in ids)
    assert "“bastion of team a”, available" in bastion.what
    assert f"of account {made['OwnerId']}" in bastion.what
    assert bastion.remedy == f"Delete the network interface {ids[0]}."
    assert "“AWS Lambda VPC ENI-theirs" in function.what


def test_every_kind_of_thing_is_named(
    lab: Lab, stack: Stack, undo: list[Callable[[], Any]]
) -> None:
    ec2: Any = lab.clients.ec2(lab.region)
    here = {"VpcId": stack.outputs["Vpc"]}
    other = ec2.create_vpc(CidrBlock="10.93.0.0/16")["Vpc"]["VpcId"]
    undo.append(lambda: ec2.delete_vpc(VpcId=other))
    makers: dict[str, tuple[Callable[[], str], Callable[[str], Any]]] = {
        "VPC endpoint": (
            lambda: ec2.create_vpc_endpoint(**here, ServiceName="com.amazonaws.x.sqs")[
                "VpcEndpoint"
            ]["VpcEndpointId"],
            lambda id: ec2.delete_vpc_endpoints(VpcEndpointIds=[id]),
        ),
        "peering connection": (
            lambda: ec2.create_vpc_peering_connection(**here, PeerVpcId=other)[
                "VpcPeeringConnection"
            ]["VpcPeeringConnectionId"],
            lambda id: ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id),
        ),
        "security group": (
            lambda: ec2.create_security_group(**here, GroupName="theirs", Description="x")[
                "GroupId"
            ],
            lambda id: ec2.delete_security_group(GroupId=id),
        ),
        "subnet": (
            lambda: ec2.create_subnet(**here, CidrBlock="10.50.9.0/24")["Subnet"]["SubnetId"],
            lambda id: ec2.delete_subnet(SubnetId=id),
        ),
        "route table": (
            lambda: ec2.create_route_table(**here)["RouteTable"]["RouteTableId"],
            lambda id: ec2.delete_route_table(RouteTableId=id),
        ),
        "network ACL": (
            lambda: ec2.create_network_acl(**here)["NetworkAcl"]["NetworkAclId"],
            lambda id: ec2.delete_network_acl(NetworkAclId=id),
        ),
        "egress-only internet gateway": (
            lambda: ec2.create_egress_only_internet_gateway(**here)["EgressOnlyInternetGateway"][
                "EgressOnlyInternetGatewayId"
            ],
            lambda id: ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id),
        ),
    }
    ids = {kind: make() for kind, (make, _) in makers.items()}
    undo += [partial(end, ids[kind]) for kind, (_, end) in makers.items()]
    blockers = found(lab, stack)
    assert blockers.keys() == set(ids.values())
    for kind, id in ids.items():
        assert blockers[id].what.startswith(f"{kind} {id}")
        assert blockers[id].remedy == f"Delete the {kind} {id}."
    assert f"with {other} of account" in blockers[ids["peering connection"]].what


def test_gateways_that_somebody_attached_are_to_be_detached(
    lab: Lab, stack: Stack, undo: list[Callable[[], Any]]
) -> None:
    ec2: Any = lab.clients.ec2(lab.region)
    here = {"VpcId": stack.outputs["Vpc"]}
    igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    undo.append(lambda: ec2.delete_internet_gateway(InternetGatewayId=igw))
    ec2.attach_internet_gateway(InternetGatewayId=igw, **here)
    undo.append(lambda: ec2.detach_internet_gateway(InternetGatewayId=igw, **here))
    vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    undo.append(lambda: ec2.delete_vpn_gateway(VpnGatewayId=vgw))
    ec2.attach_vpn_gateway(VpnGatewayId=vgw, **here)
    undo.append(lambda: ec2.detach_vpn_gateway(VpnGatewayId=vgw, **here))
    remedies = {id: blocker.remedy for id, blocker in found(lab, stack).items()}
    assert remedies == {
        vgw: f"Detach the VPN gateway {vgw} from {here['VpcId']}.",
        igw: f"Detach the internet gateway {igw} from {here['VpcId']}.",
    }


def test_a_rule_of_the_default_group_that_names_ours_is_told(lab: Lab, stack: Stack) -> None:
    ec2: Any = lab.clients.ec2(lab.region)
    in_vpc = [{"Name": "vpc-id", "Values": [stack.outputs["Vpc"]]}]
    groups = ec2.describe_security_groups(Filters=in_vpc)["SecurityGroups"]
    (default,) = (g["GroupId"] for g in groups if g["GroupName"] == "default")
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": stack.outputs["Group"]}]}
    ec2.authorize_security_group_ingress(GroupId=default, IpPermissions=[rule])
    blocker = found(lab, stack)[default]
    ec2.revoke_security_group_ingress(GroupId=default, IpPermissions=[rule])
    assert blocker.remedy == (f"Remove the rules about {stack.outputs['Group']} from {default}.")


def test_a_kind_that_may_not_be_listed_is_told_and_the_others_are(
    lab: Lab, stack: Stack, refusing: Clients, proxy: Proxy
) -> None:
    code = "UnauthorizedOperation"
    proxy.add(Rule("DescribeVpcPeeringConnections", "refuse", code=code, message="No"))
    proxy.add(Rule("DescribeVpnGateways", "refuse", code="UnsupportedOperation", message="No"))
    (unread,) = Blockers(refusing).find(lab.region, stack.id)
    assert unread.what == "what only ec2:DescribeVpcPeeringConnections lists"
    assert "Allow ec2:DescribeVpcPeeringConnections" in unread.remedy


def test_a_stack_without_a_vpc_has_no_blockers(lab: Lab) -> None:
    queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
    assert found(lab, lab.deployed(queue)) == {}


def test_functions_carrier_gateways_and_associations_of_security_groups_are_named() -> None:
    """The embedded AWS has none of these."""
    aws = ScriptedAws()
    vpc = {"LogicalResourceId": "Vpc", "PhysicalResourceId": "vpc-1"}
    group = {"LogicalResourceId": "SecurityGroup", "PhysicalResourceId": "sg-1"}
    associations = [
        {"GroupId": "sg-1", "VpcId": "vpc-2", "State": "associated"},
        {"GroupId": "sg-1", "VpcId": "vpc-3", "State": "disassociated"},
    ]
    functions = [
        {"FunctionName": "theirs", "VpcConfig": {"VpcId": "vpc-1"}},
        {"FunctionName": "elsewhere", "VpcConfig": {"VpcId": "vpc-2"}},
        {"FunctionName": "nowhere"},
    ]
    gateways = [
        {"CarrierGatewayId": "cagw-1", "State": "available"},
        {"CarrierGatewayId": "cagw-2", "State": "deleted"},
    ]
    aws.answers |= NOTHING_USED | {
        "DescribeStackResources": {"StackResources": [vpc, group]},
        "ListFunctions": {"Functions": functions},
        "DescribeCarrierGateways": {"CarrierGateways": gateways},
        "DescribeSecurityGroupVpcAssociations": lambda asked: {
            "SecurityGroupVpcAssociations": associations
            if asked["Filters"][0]["Name"] == "group-id"
            else []
        },
        "DescribeVpcEndpoints": {"VpcEndpoints": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": []},
        "DescribeVpnGateways": {"VpnGateways": []},
        "DescribeEgressOnlyInternetGateways": {"EgressOnlyInternetGateways": []},
        "DescribeRouteTables": {"RouteTables": []},
        "DescribeNetworkAcls": {"NetworkAcls": []},
        "DescribeSecurityGroups": {"SecurityGroups": []},
    }
    listed = {blocker.id: blocker for blocker in Blockers(aws.clients).find("r", "stack")}
    assert {id: blocker.remedy for id, blocker in listed.items()} == {
        "theirs": "Delete the Lambda function theirs, or take it out of the VPC.",
        "cagw-1": "Delete the carrier gateway cagw-1.",
        "sg-1": "Disassociate the security group sg-1 from vpc-2.",
    }
    aws.answers["ListFunctions"] = refusal("AccessDeniedException")
    assert [b.id for b in Blockers(aws.clients).find("r", "stack")] == ["cagw-1", "sg-1"]


def test_only_the_first_of_many_are_named_and_the_others_counted() -> None:
    aws = ScriptedAws()
    aws.answers |= {"DescribeStackResources": {"StackResources": []}}
    assert Blockers(aws.clients).told("r", "stack") == ("", "")
    vpc = {"LogicalResourceId": "Vpc", "PhysicalResourceId": "vpc-1"}
    groups = [{"GroupId": f"sg-{n}", "GroupName": f"g{n}"} for n in range(200)]
    not_offered = dict.fromkeys(LISTS_OF_A_VPC, refusal("InvalidAction"))
    aws.answers |= not_offered | {
        "DescribeStackResources": {"StackResources": [vpc]},
        "DescribeSecurityGroups": {"SecurityGroups": groups},
    }
    what, remedy = Blockers(aws.clients).told("r", "stack")
    assert what.count("security group") == NAMED_MAX
    assert what.endswith("; and 190 more.")
    assert remedy.endswith("Delete the security group sg-9.")
