"""IPv6 in the embedded EC2: ranges, routes and settings, and what holds a range."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, code_of, subnet, vpc

OUTPUTS = {"Vpc": {"Ref": "Vpc"}, "Public": {"Ref": "Public"}}


def test_a_range_goes_only_when_no_subnet_has_a_part_of_it(lab: Lab) -> None:
    ec2: Any = lab.clients.ec2(lab.region)
    stack = lab.deployed(vpc() | {"Public": subnet("10.50.0.0/24")}, OUTPUTS)
    vpc_id, subnet_id = stack.outputs["Vpc"], stack.outputs["Public"]
    made = ec2.associate_vpc_cidr_block(VpcId=vpc_id, AmazonProvidedIpv6CidrBlock=True)
    whole = made["Ipv6CidrBlockAssociation"]
    part = ec2.associate_subnet_cidr_block(
        SubnetId=subnet_id, Ipv6CidrBlock=whole["Ipv6CidrBlock"].replace("/56", "/64")
    )["Ipv6CidrBlockAssociation"]
    found = ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"][0]
    (held,) = found["Ipv6CidrBlockAssociationSet"]
    assert held["Ipv6CidrBlockState"]["State"] == "associated"
    with pytest.raises(ClientError) as error:
        ec2.disassociate_vpc_cidr_block(AssociationId=whole["AssociationId"])
    assert code_of(error) == "InvalidCidrBlock.InUse"
    ec2.disassociate_subnet_cidr_block(AssociationId=part["AssociationId"])
    ec2.disassociate_vpc_cidr_block(AssociationId=whole["AssociationId"])
    (found,) = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    assert not found.get("Ipv6CidrBlockAssociationSet")


def test_a_route_for_ipv6_is_made_once_and_deleted_once(lab: Lab) -> None:
    ec2: Any = lab.clients.ec2(lab.region)
    vpc_id = lab.deployed(vpc(), {"Vpc": {"Ref": "Vpc"}}).outputs["Vpc"]
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_egress_only_internet_gateway(VpcId=vpc_id)["EgressOnlyInternetGateway"]
    route = {"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0"}
    target = {"EgressOnlyInternetGatewayId": gateway["EgressOnlyInternetGatewayId"]}
    ec2.create_route(**route, **target)
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    made = {"DestinationIpv6CidrBlock": "::/0"} | target
    assert any(made.items() <= each.items() for each in found["Routes"])
    with pytest.raises(ClientError) as twice:
        ec2.create_route(**route, **target)
    ec2.delete_route(**route)
    with pytest.raises(ClientError) as gone:
        ec2.delete_route(**route)
    ec2.delete_egress_only_internet_gateway(**target)
    ec2.delete_route_table(RouteTableId=table)
    assert (code_of(twice), code_of(gone)) == ("RouteAlreadyExists", "InvalidRoute.NotFound")
