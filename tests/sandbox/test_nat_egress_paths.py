"""A call gets out where the egress path is complete, and gets no answer where it is broken."""

import json
from typing import Any

from tests.sandbox.lab import Lab, association, egress, function, role, subnet

OUTPUTS = {"Name": {"Ref": "Function"}, "Nat": {"Ref": "Nat"}, "Group": {"Ref": "Group"}}


def call(lab: Lab, name: str, event: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the function answered; its own time-out is two seconds."""
    answer = lab.clients.awslambda(lab.region).invoke(
        FunctionName=name, Payload=json.dumps(event or {}).encode()
    )
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


def timed_out(answer: dict[str, Any]) -> bool:
    text = json.dumps(answer).lower()
    return "timed out" in text or "timeout" in text


def test_a_complete_egress_path_has_the_nat_gateways_address(lab: Lab) -> None:
    allocation = lab.allocate()
    stack = lab.deployed(egress(allocation), OUTPUTS)
    assert call(lab, stack.outputs["Name"]) == {"ip": lab.address(allocation)}


def test_a_source_address_that_the_function_claims_is_not_believed(lab: Lab) -> None:
    allocation = lab.allocate()
    stack = lab.deployed(egress(allocation), OUTPUTS)
    forged = {"headers": {"X-Sandbox-Source-Address": "203.0.113.200"}}
    assert call(lab, stack.outputs["Name"], forged) == {"ip": lab.address(allocation)}


def test_a_function_in_a_public_subnet_gets_no_answer(lab: Lab) -> None:
    resources = egress(lab.allocate())
    resources["Function"] = function("Public")
    stack = lab.deployed(resources, OUTPUTS)
    assert timed_out(call(lab, stack.outputs["Name"]))


def test_without_a_route_there_is_no_answer(lab: Lab) -> None:
    resources = egress(lab.allocate())
    del resources["PrivateRoute"]
    stack = lab.deployed(resources, OUTPUTS)
    assert timed_out(call(lab, stack.outputs["Name"]))


def test_a_nat_gateway_in_a_private_subnet_gives_no_answer(lab: Lab) -> None:
    resources = egress(lab.allocate())
    del resources["PublicRoute"]
    resources["Nat"]["DependsOn"] = "PublicAssociation"
    stack = lab.deployed(resources, OUTPUTS)
    assert timed_out(call(lab, stack.outputs["Name"]))


def test_a_security_group_without_https_gives_no_answer(lab: Lab) -> None:
    resources = egress(lab.allocate())
    rule = resources["Group"]["Properties"]["SecurityGroupEgress"][0]
    rule["FromPort"] = rule["ToPort"] = 80
    stack = lab.deployed(resources, OUTPUTS)
    assert timed_out(call(lab, stack.outputs["Name"]))


def test_a_network_acl_that_drops_the_answers_gives_no_answer(lab: Lab) -> None:
    stack = lab.deployed(egress(lab.allocate()), OUTPUTS | {"Subnet": {"Ref": "Private"}})
    ec2 = lab.clients.ec2(lab.region)
    here: Any = [{"Name": "association.subnet-id", "Values": [stack.outputs["Subnet"]]}]
    (acl,) = ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    deny: Any = {"RuleNumber": 50, "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        Protocol="6",
        Egress=False,
        PortRange={"From": 1024, "To": 65535},
        **deny,
    )
    assert timed_out(call(lab, stack.outputs["Name"]))


def test_a_deleted_nat_gateway_gives_no_answer(lab: Lab) -> None:
    stack = lab.deployed(egress(lab.allocate()), OUTPUTS)
    lab.clients.ec2(lab.region).delete_nat_gateway(NatGatewayId=stack.outputs["Nat"])
    assert timed_out(call(lab, stack.outputs["Name"]))


def test_a_port_that_the_security_group_closes_gives_no_answer(lab: Lab) -> None:
    stack = lab.deployed(egress(lab.allocate()), OUTPUTS)
    assert timed_out(call(lab, stack.outputs["Name"], {"url": "http://echo.sandbox:8080/"}))


def test_a_name_outside_the_sandbox_does_not_resolve(lab: Lab) -> None:
    stack = lab.deployed(egress(lab.allocate()), OUTPUTS)
    answer = call(lab, stack.outputs["Name"], {"url": "http://partner.example:443/"})
    assert "502" in answer["errorMessage"]


def test_nat_gateways_per_zone_give_each_zone_its_own_address(lab: Lab) -> None:
    first, second = lab.allocate(), lab.allocate()
    resources = egress(first)
    ref = {"Ref": "Vpc"}
    resources |= {
        "Public2": subnet("10.50.2.0/24"),
        "PublicAssociation2": association("Public2", "PublicTable"),
        "Nat2": {
            "Type": "AWS::EC2::NatGateway",
            "DependsOn": ["PublicRoute", "PublicAssociation2"],
            "Properties": {"SubnetId": {"Ref": "Public2"}, "AllocationId": second},
        },
        "Private2": subnet("10.50.3.0/24"),
        "PrivateTable2": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref}},
        "PrivateRoute2": {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "PrivateTable2"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "NatGatewayId": {"Ref": "Nat2"},
            },
        },
        "PrivateAssociation2": association("Private2", "PrivateTable2"),
        "Function2": function("Private2"),
    }
    stack = lab.deployed(resources, OUTPUTS | {"Name2": {"Ref": "Function2"}})
    assert call(lab, stack.outputs["Name"]) == {"ip": lab.address(first)}
    assert call(lab, stack.outputs["Name2"]) == {"ip": lab.address(second)}


def test_a_function_without_a_vpc_has_an_address_of_aws(lab: Lab) -> None:
    outside = function("Private")
    del outside["Properties"]["VpcConfig"]
    stack = lab.deployed({"Role": role(), "Function": outside}, {"Name": {"Ref": "Function"}})
    assert call(lab, stack.outputs["Name"]) == {"ip": "198.18.0.1"}
