"""Elastic IPs in the embedded EC2: filters, recovery and the quota."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures import ADDRESS_QUOTA
from tests.sandbox.lab import Lab, code_of, unique


def test_an_address_is_found_by_its_tag_and_its_ip(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    tag: Any = {"ResourceType": "elastic-ip", "Tags": [{"Key": "who", "Value": unique("me")}]}
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=[tag])
    lab.addresses.append(made["AllocationId"])
    by_tag: Any = [{"Name": "tag:who", "Values": [tag["Tags"][0]["Value"]]}]
    by_ip: Any = [{"Name": "public-ip", "Values": [made["PublicIp"]]}]
    for filters in (by_tag, by_ip):
        found = ec2.describe_addresses(Filters=filters)["Addresses"]
        assert [address["AllocationId"] for address in found] == [made["AllocationId"]]


def test_each_address_is_different_and_a_released_one_can_be_recovered(lab: Lab) -> None:
    ec2 = lab.clients.ec2(lab.region)
    first, second = lab.allocate(), lab.allocate()
    ip = lab.address(first)
    assert ip != lab.address(second)
    ec2.release_address(AllocationId=first)
    lab.addresses.remove(first)
    again = ec2.allocate_address(Domain="vpc", Address=ip)
    lab.addresses.append(again["AllocationId"])
    assert again["PublicIp"] == ip


def test_the_quota_of_addresses_is_enforced(lab: Lab) -> None:
    there = lab.clients.ec2(lab.region).describe_addresses()["Addresses"]
    for _ in range(ADDRESS_QUOTA - len(there)):
        lab.allocate()
    with pytest.raises(ClientError) as error:
        lab.clients.ec2(lab.region).allocate_address(Domain="vpc")
    assert code_of(error) == "AddressLimitExceeded"
