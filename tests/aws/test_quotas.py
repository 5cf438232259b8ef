"""Quotas: what is used is counted, and a limit that cannot be read is not guessed."""

import pytest

from tests.faults.proxy import Proxy, Rule
from tests.services.scripted import NOTHING_USED, ScriptedAws
from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError
from webapp.aws.quotas import (
    ADDRESSES,
    GATEWAY_ENDPOINTS,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    VPCS,
    Quota,
    Quotas,
)
from webapp.aws.tags import ADDRESS_TAG, STACK_NAME_TAG

REGION = "us-west-2"
ZONES = [f"{REGION}a", f"{REGION}b"]
EVERY_KIND = (ADDRESSES, VPCS, INTERNET_GATEWAYS, GATEWAY_ENDPOINTS, NAT_GATEWAYS)


def read(clients: Clients) -> dict[str, Quota]:
    return {quota.what: quota for quota in Quotas(clients).read(REGION, EVERY_KIND, ZONES)}


def test_each_quota_has_its_use_and_limit(clients: Clients) -> None:
    before = read(clients)
    assert list(before) == [
        "Elastic IP addresses",
        "VPCs",
        "internet gateways",
        "gateway VPC endpoints",
        *(f"NAT gateways in {zone}" for zone in ZONES),
    ]
    assert all(quota.limit for quota in before.values())
    allocated = clients.ec2(REGION).allocate_address(Domain="vpc")["AllocationId"]
    after = read(clients)["Elastic IP addresses"]
    clients.ec2(REGION).release_address(AllocationId=allocated)
    assert after.used == before["Elastic IP addresses"].used + 1


def test_a_limit_that_may_not_be_read_is_unknown(refusing: Clients, proxy: Proxy) -> None:
    proxy.add(Rule("GetServiceQuota", "refuse", times=5, code="AccessDeniedException"))
    found = read(refusing)
    assert {quota.limit for quota in found.values()} == {None}
    assert not any(quota.exceeded_by(1000) for quota in found.values())


def test_an_account_without_a_value_of_its_own_has_awss_default(
    refusing: Clients, proxy: Proxy
) -> None:
    proxy.add(Rule("GetServiceQuota", "refuse", times=5, code="NoSuchResourceException"))
    read(refusing)
    assert proxy.calls["GetAWSDefaultServiceQuota"] == 5


def test_another_error_is_raised(refusing: Clients, proxy: Proxy) -> None:
    proxy.add(Rule("DescribeVpcs", "refuse", code="InvalidParameterValue", message="Odd"))
    with pytest.raises(AwsError, match="InvalidParameterValue"):
        read(refusing)


def test_a_quota_knows_how_many_more_are_too_many() -> None:
    quota = Quota(VPCS, REGION, used=3, limit=5)
    assert not quota.exceeded_by(2)
    assert quota.exceeded_by(3)


@pytest.mark.parametrize(
    ("quota", "text"),
    [
        (Quota(VPCS, REGION, 5, 5), f"5 of 5 VPCs in {REGION}"),
        (Quota(ADDRESSES, REGION, 2, None), f"2 Elastic IP addresses in {REGION}"),
        (Quota(NAT_GATEWAYS, REGION, 1, 5, ZONES[0]), f"1 of 5 NAT gateways in {ZONES[0]}"),
    ],
)
def test_a_quota_in_words(quota: Quota, text: str) -> None:
    assert str(quota) == text


def test_what_another_account_shares_and_what_is_in_no_zone_do_not_count() -> None:
    aws = ScriptedAws()
    gateway = {"VpcEndpointType": "Gateway", "State": "available"}
    mine, theirs = {"OwnerId": "000000000000"}, {"OwnerId": "111111111111"}
    subnets = [
        {"SubnetId": f"subnet-{number}", "AvailabilityZone": ZONES[0]} | owner
        for number, owner in enumerate((mine, theirs))
    ]
    aws.answers |= NOTHING_USED | {
        "DescribeVpcs": {"Vpcs": [mine, theirs, theirs]},
        "DescribeInternetGateways": {"InternetGateways": [mine, theirs]},
        "DescribeNatGateways": {
            "NatGateways": [
                *({"SubnetId": subnet["SubnetId"]} for subnet in subnets),
                {"NatGatewayId": "nat-1", "AvailabilityMode": "regional"},
            ]
        },
        "DescribeSubnets": {"Subnets": subnets},
        "DescribeVpcEndpoints": {
            "VpcEndpoints": [
                gateway | mine,
                gateway | theirs,
                gateway | mine | {"State": "deleted"},
                {"VpcEndpointType": "Interface"} | mine,
            ]
        },
    }
    found = {
        quota.what: quota.used for quota in aws.cloud.quotas.read(REGION, EVERY_KIND, ZONES[:1])
    }
    assert found == {
        "Elastic IP addresses": 0,
        "VPCs": 1,
        "internet gateways": 1,
        "gateway VPC endpoints": 1,
        f"NAT gateways in {ZONES[0]}": 1,
    }


def test_only_addresses_of_amazons_pool_that_are_the_accounts_own_count() -> None:
    aws = ScriptedAws()
    aws.answers |= NOTHING_USED | {
        "DescribeAddresses": {
            "Addresses": [
                {"PublicIpv4Pool": "amazon", "Tags": [{"Key": ADDRESS_TAG, "Value": "row"}]},
                {"PublicIpv4Pool": "ipv4pool-ec2-1"},
                {"PublicIpv4Pool": "amazon", "ServiceManaged": "alb"},
                {"CarrierIp": "155.146.1.1"},
                {"CustomerOwnedIp": "192.0.2.1", "CustomerOwnedIpv4Pool": "ipv4pool-coip-1"},
            ]
        }
    }
    (quota,) = aws.cloud.quotas.read(REGION, [ADDRESSES], [])
    assert (quota.used, quota.owners) == (1, frozenset({"row"}))


def test_what_a_stack_made_is_known_by_its_name() -> None:
    aws = ScriptedAws()
    tags = [{"Key": STACK_NAME_TAG, "Value": "egret-network-net"}]
    aws.answers |= NOTHING_USED | {"DescribeVpcs": {"Vpcs": [{"Tags": tags}, {}]}}
    (vpcs,) = aws.cloud.quotas.read(REGION, [VPCS], [])
    assert (vpcs.used, vpcs.owners) == (2, frozenset({"egret-network-net"}))
