"""Zones and ranges of a region."""

from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.vpcs import Vpcs

REGION = "us-east-1"


def test_zones_are_in_order_and_those_without_nat_gateways_not_usable(offline: Clients) -> None:
    zones = [
        {"ZoneName": f"{REGION}{letter}", "ZoneId": zone_id}
        for letter, zone_id in (("c", "use1-az1"), ("a", "use1-az3"), ("b", "use1-az2"))
    ]
    with Stubber(offline.ec2(REGION)) as stub:
        stub.add_response("describe_availability_zones", {"AvailabilityZones": zones})
        found = Vpcs(offline).availability_zones(REGION)
    assert [(zone.name, zone.usable) for zone in found] == [
        (f"{REGION}a", False),
        (f"{REGION}b", True),
        (f"{REGION}c", True),
    ]


def test_the_ranges_of_all_vpcs_are_told(clients: Clients) -> None:
    ec2 = clients.ec2(REGION)
    vpc = ec2.create_vpc(CidrBlock="10.91.0.0/16")["Vpc"]["VpcId"]
    found = Vpcs(clients).cidrs(REGION)
    ec2.delete_vpc(VpcId=vpc)
    assert "10.91.0.0/16" in found
    assert "10.91.0.0/16" not in Vpcs(clients).cidrs(REGION)


def test_further_ranges_and_those_of_peers_are_told_too(clients: Clients) -> None:
    ec2, other = clients.ec2(REGION), clients.ec2("eu-north-1")
    vpc = ec2.create_vpc(CidrBlock="10.92.0.0/16")["Vpc"]["VpcId"]
    peer = other.create_vpc(CidrBlock="10.93.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.65.0.0/16")
    own = Vpcs(clients).cidrs(REGION)
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer, PeerRegion="eu-north-1")
    found = Vpcs(clients).cidrs(REGION)
    ec2.delete_vpc_peering_connection(
        VpcPeeringConnectionId=peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    )
    ec2.delete_vpc(VpcId=vpc)
    other.delete_vpc(VpcId=peer)
    assert {"10.92.0.0/16", "100.65.0.0/16"} <= set(own)
    assert set(found) == {*own, "10.93.0.0/16"}
    assert len(found) == len(set(found))
