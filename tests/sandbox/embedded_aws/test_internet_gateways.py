"""An internet gateway stays attached while something in its VPC has a public address."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import ANYWHERE, Lab, code_of, subnet, unique, vpc, with_internet
from webapp.aws.cloudformation.stacks import Phase

MAPPED = (
    "Network {} has some mapped public address(es). Please unmap those public address(es) before "
    "detaching the gateway."
)


def test_it_does_not_detach_under_a_nat_gateway(lab: Lab) -> None:
    """Neither when it is asked to, nor when its stack is deleted."""
    ec2 = lab.clients.ec2(lab.region)
    outputs = {"Vpc": {"Ref": "Vpc"}, "Gateway": {"Ref": "Gateway"}, "Subnet": {"Ref": "Public"}}
    resources = vpc() | with_internet() | {"Public": subnet("10.50.0.0/24")}
    stack = lab.deployed(resources, outputs)
    vpc_id, gateway_id = stack.outputs["Vpc"], stack.outputs["Gateway"]
    made = ec2.create_nat_gateway(
        SubnetId=stack.outputs["Subnet"], AllocationId=lab.allocate(), ClientToken=unique("token")
    )
    with pytest.raises(ClientError) as refused:
        ec2.detach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    assert code_of(refused) == "DependencyViolation"
    assert refused.value.response["Error"]["Message"] == MAPPED.format(vpc_id)
    assert lab.deleted(stack.id).status == "DELETE_FAILED"
    reasons = {event.logical_id: event.reason for event in lab.failures(stack.id)}
    assert MAPPED.format(vpc_id) in reasons["Attachment"]
    lab.without_nat_gateway(made["NatGateway"]["NatGatewayId"])
    assert lab.deleted(stack.id).phase is Phase.GONE


def test_it_does_not_detach_under_an_address_on_an_interface(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    outputs = {"Vpc": {"Ref": "Vpc"}, "Gateway": {"Ref": "Gateway"}}
    stack = lab.deployed(vpc() | with_internet(), outputs)
    here: Any = {"VpcId": stack.outputs["Vpc"]}
    gateway_id = stack.outputs["Gateway"]
    subnet_id = ec2.create_subnet(CidrBlock="10.50.9.0/24", **here)["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet_id)["NetworkInterface"]
    interface_id, allocation = interface["NetworkInterfaceId"], lab.allocate()
    held = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface_id)
    with pytest.raises(ClientError) as refused:
        ec2.detach_internet_gateway(InternetGatewayId=gateway_id, **here)
    ec2.disassociate_address(AssociationId=held["AssociationId"])
    ec2.delete_network_interface(NetworkInterfaceId=interface_id)
    ec2.delete_subnet(SubnetId=subnet_id)
    assert code_of(refused) == "DependencyViolation"
    assert lab.deleted(stack.id).phase is Phase.GONE


def test_a_route_leads_to_a_gateway_of_its_own_vpc_only(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    table = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    stack = lab.deployed(
        vpc() | {"Table": table, "Gateway": {"Type": "AWS::EC2::InternetGateway"}},
        {"Table": {"Ref": "Table"}, "Gateway": {"Ref": "Gateway"}},
    )
    for gateway_id, code in (
        (stack.outputs["Gateway"], "InvalidParameterValue"),
        ("igw-00000000000000000", "InvalidInternetGatewayID.NotFound"),
    ):
        with pytest.raises(ClientError) as refused:
            ec2.create_route(
                RouteTableId=stack.outputs["Table"],
                DestinationCidrBlock=ANYWHERE,
                GatewayId=gateway_id,
            )
        assert code_of(refused) == code
