"""Zones and ranges of a region."""

from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.vpcs import Vpcs

REGION = "us-east-1"


def test_zones_are_in_order_and_those_without_nat_gateways_left_out(offline: Clients) -> None:
    zones = [
        {"ZoneName": f"{REGION}{letter}", "ZoneId": zone_id}
        for letter, zone_id in (("c", "use1-az1"), ("a", "use1-az3"), ("b", "use1-az2"))
    ]
    with Stubber(offline.ec2(REGION)) as stub:
        stub.add_response("describe_availability_zones", {"AvailabilityZones": zones})
        found = Vpcs(offline).availability_zones(REGION)
    assert found == [f"{REGION}b", f"{REGION}c"]


def test_the_ranges_of_all_vpcs_are_told(clients: Clients) -> None:
    ec2 = clients.ec2(REGION)
    vpc = ec2.create_vpc(CidrBlock="10.91.0.0/16")["Vpc"]["VpcId"]
    found = Vpcs(clients).cidrs(REGION)
    ec2.delete_vpc(VpcId=vpc)
    assert "10.91.0.0/16" in found
    assert "10.91.0.0/16" not in Vpcs(clients).cidrs(REGION)
