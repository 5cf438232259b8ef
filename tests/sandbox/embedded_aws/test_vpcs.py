"""VPCs in the embedded EC2: further ranges, and peerings."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import code_of
from webapp.aws.clients import Clients

REGION = "eu-north-1"


def test_a_vpc_may_have_a_further_range_for_its_subnets(clients: Clients) -> None:
    ec2 = clients.ec2(REGION)
    vpc = ec2.create_vpc(CidrBlock="10.60.0.0/24")["Vpc"]["VpcId"]
    with pytest.raises(ClientError) as error:
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.61.0.0/28")
    assert code_of(error) == "InvalidSubnet.Range"
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.61.0.0/24")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.61.0.0/28")["Subnet"]["SubnetId"]
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    held = [block["CidrBlock"] for block in found["CidrBlockAssociationSet"]]
    assert held == ["10.60.0.0/24", "10.61.0.0/24"]
    with pytest.raises(ClientError) as error:
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.61.0.0/26")
    assert code_of(error) == "CidrConflict"
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=made["CidrBlockAssociation"]["AssociationId"])
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert len(found["CidrBlockAssociationSet"]) == 1
    ec2.delete_vpc(VpcId=vpc)


def test_a_peering_tells_the_ranges_of_both_sides(clients: Clients) -> None:
    ec2, other = clients.ec2(REGION), clients.ec2("sa-east-1")
    mine = ec2.create_vpc(CidrBlock="10.62.0.0/24")["Vpc"]["VpcId"]
    theirs = other.create_vpc(CidrBlock="10.63.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=mine, PeerVpcId=theirs, PeerRegion="sa-east-1")
    peering_id = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    (found,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering_id])[
        "VpcPeeringConnections"
    ]
    assert found["RequesterVpcInfo"]["CidrBlock"] == "10.62.0.0/24"
    assert found["AccepterVpcInfo"]["CidrBlockSet"] == [{"CidrBlock": "10.63.0.0/24"}]
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    ec2.delete_vpc(VpcId=mine)
    other.delete_vpc(VpcId=theirs)
