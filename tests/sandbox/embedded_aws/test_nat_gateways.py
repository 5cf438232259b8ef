"""NAT gateways in the embedded EC2: the address they hold, client tokens and black holes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, code_of, egress, subnet, unique, vpc
from webapp.aws.cloudformation.stacks import Phase


def test_a_nat_gateway_holds_its_address_until_it_is_deleted(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    allocation = lab.allocate()
    stack = lab.deployed(egress(allocation), {"Nat": {"Ref": "Nat"}})
    (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[stack.outputs["Nat"]])["NatGateways"]
    assert nat["State"] == "available"
    assert nat["NatGatewayAddresses"][0]["PublicIp"] == lab.address(allocation)
    with pytest.raises(ClientError) as error:
        ec2.release_address(AllocationId=allocation)
    assert code_of(error) == "InvalidIPAddress.InUse"
    lab.deleted(stack.id)
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]


def test_a_client_token_makes_a_nat_gateway_once(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, {"Id": {"Ref": "Public"}})
    wanted: Any = {"SubnetId": stack.outputs["Id"], "AllocationId": lab.allocate()}
    token = unique("token")
    made = [ec2.create_nat_gateway(**wanted, ClientToken=token)["NatGateway"] for _ in range(2)]
    assert len({nat["NatGatewayId"] for nat in made}) == 1
    blocked = lab.deleted(stack.id)
    assert blocked.status == "DELETE_FAILED"
    assert any("DependencyViolation" in event.reason for event in lab.failures(stack.id))
    ec2.delete_nat_gateway(NatGatewayId=made[0]["NatGatewayId"])
    _wait_until_deleted(lab, made[0]["NatGatewayId"])
    assert lab.deleted(stack.id).phase is Phase.GONE


def test_a_route_to_a_deleted_nat_gateway_is_a_black_hole(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    stack = lab.deployed(
        egress(lab.allocate()), {"Nat": {"Ref": "Nat"}, "Table": {"Ref": "PrivateTable"}}
    )
    ec2.delete_nat_gateway(NatGatewayId=stack.outputs["Nat"])
    (table,) = ec2.describe_route_tables(RouteTableIds=[stack.outputs["Table"]])["RouteTables"]
    assert "blackhole" in [route.get("State") for route in table["Routes"]]


def _wait_until_deleted(lab: Lab, nat_id: str) -> None:
    waiter = lab.clients.ec2(lab.region).get_waiter("nat_gateway_deleted")
    waiter.wait(NatGatewayIds=[nat_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
