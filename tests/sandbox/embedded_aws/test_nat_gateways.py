"""NAT gateways in the embedded EC2: the address they hold, client tokens and black holes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.dashboard import wait_for
from tests.sandbox.lab import Lab, code_of, egress, nat, subnet, unique, vpc, with_internet
from webapp.aws.cloudformation.stacks import Phase

STATE_TIMEOUT_S = 10.0


def test_a_nat_gateway_holds_its_address_until_it_is_deleted(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    allocation = lab.allocate()
    stack = lab.deployed(egress(allocation), {"Nat": {"Ref": "Nat"}})
    found = lab.nat_gateway(stack.outputs["Nat"])
    assert found["State"] == "available"
    assert found["NatGatewayAddresses"][0]["PublicIp"] == lab.address(allocation)
    with pytest.raises(ClientError) as error:
        ec2.release_address(AllocationId=allocation)
    assert code_of(error) == "InvalidIPAddress.InUse"
    lab.deleted(stack.id)
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]


def test_a_client_token_makes_a_nat_gateway_once(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    resources = vpc() | with_internet() | {"Public": subnet("10.50.0.0/24")}
    stack = lab.deployed(resources, {"Id": {"Ref": "Public"}})
    wanted: Any = {"SubnetId": stack.outputs["Id"], "AllocationId": lab.allocate()}
    token = unique("token")
    made = [ec2.create_nat_gateway(**wanted, ClientToken=token)["NatGateway"] for _ in range(2)]
    assert len({each["NatGatewayId"] for each in made}) == 1
    blocked = lab.deleted(stack.id)
    assert blocked.status == "DELETE_FAILED"
    assert any("DependencyViolation" in event.reason for event in lab.failures(stack.id))
    lab.without_nat_gateway(made[0]["NatGatewayId"])
    assert lab.deleted(stack.id).phase is Phase.GONE


def test_a_route_to_a_deleted_nat_gateway_is_a_black_hole(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(
        egress(lab.allocate()), {"Nat": {"Ref": "Nat"}, "Table": {"Ref": "PrivateTable"}}
    )
    ec2.delete_nat_gateway(NatGatewayId=stack.outputs["Nat"])
    (table,) = ec2.describe_route_tables(RouteTableIds=[stack.outputs["Table"]])["RouteTables"]
    assert "blackhole" in [route.get("State") for route in table["Routes"]]


def test_without_an_internet_gateway_one_is_made_and_fails(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, {"Id": {"Ref": "Public"}})
    allocation = lab.allocate()
    made = ec2.create_nat_gateway(SubnetId=stack.outputs["Id"], AllocationId=allocation)
    nat_id, vpc_id = made["NatGateway"]["NatGatewayId"], made["NatGateway"]["VpcId"]
    assert made["NatGateway"]["State"] == "pending"
    wait_for(lambda: lab.nat_gateway(nat_id)["State"] == "failed", STATE_TIMEOUT_S)
    assert lab.nat_gateway(nat_id)["FailureCode"] == "Gateway.NotAttached"
    said = f"Network {vpc_id} has no Internet gateway attached"
    assert lab.nat_gateway(nat_id)["FailureMessage"] == said
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    lab.without_nat_gateway(nat_id)
    assert lab.deleted(stack.id).phase is Phase.GONE


def test_without_an_internet_gateway_a_stack_fails_as_on_aws(lab: Lab) -> None:
    """The order of our own template, attachment, route, NAT gateway, is what keeps it from that."""
    resources = vpc() | {"Public": subnet("10.50.0.0/24"), "Nat": nat(lab.allocate())}
    stack = lab.settled(lab.create(resources))
    assert stack.status == "ROLLBACK_COMPLETE"
    reason = lab.failures(stack.id)[0].reason
    assert reason.startswith('Resource handler returned message: "NatGateway nat-')
    said = (
        "is in state failed and hence failed to stabilize. Detailed failure message: Network vpc-"
    )
    assert said in reason
    assert "has no Internet gateway attached" in reason
