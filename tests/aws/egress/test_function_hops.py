"""What Lambda says of a function becomes a hop with its repair."""

from typing import Any

import pytest
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.egress.function_hops import function_hops
from webapp.aws.egress.hops import Hop

SUBNET, GROUP = "subnet-1", "sg-1"
ACTIVE: dict[str, Any] = {
    "FunctionName": "egret-probe-1",
    "Role": "arn:aws:iam::123456789012:role/egret-probe",
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "VpcConfig": {"SubnetIds": [SUBNET], "SecurityGroupIds": [GROUP]},
}


def hops(**said: Any) -> list[Hop]:
    awslambda = Clients("http://127.0.0.1:1").awslambda("eu-central-1")
    with Stubber(awslambda) as stub:
        stub.add_response("get_function_configuration", ACTIVE | said)
        return function_hops(
            awslambda, "eu-central-1", "egret-probe-1", subnet_id=SUBNET, group_ids=[GROUP]
        )


def test_an_active_function_in_its_place_is_whole() -> None:
    assert [(hop.name, hop.resource_id, hop.ok) for hop in hops()] == [
        ("role", "egret-probe", True),
        ("function", "egret-probe-1", True),
    ]


def test_an_inactive_function_is_whole_but_its_first_call_is_slow() -> None:
    found = hops(State="Inactive", StateReasonCode="Idle")[-1]
    assert (found.ok, "first call" in found.note) == (True, True)


def test_a_function_that_may_call_over_ipv6_is_whole_but_told() -> None:
    found = hops(VpcConfig=ACTIVE["VpcConfig"] | {"Ipv6AllowedForDualStack": True})[-1]
    assert (found.ok, "IPv6" in found.note) == (True, True)


@pytest.mark.parametrize("of", ["State", "LastUpdateStatus"])
def test_a_role_that_may_not_make_interfaces_is_the_broken_hop(of: str) -> None:
    code = f"{of}ReasonCode"
    (found,) = hops(**{of: "Failed", code: "InsufficientRolePermissions"})
    assert (found.name, found.ok) == ("role", False)
    assert "ec2:CreateNetworkInterface" in found.repair


@pytest.mark.parametrize(
    ("said", "detail", "repair"),
    [
        ({"State": "Pending"}, "pending", "Wait"),
        (
            {"State": "Failed", "StateReasonCode": "SubnetOutOfIPAddresses"},
            "SubnetOutOfIPAddresses",
            "Free addresses",
        ),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "EniLimitExceeded"},
            "last update failed (EniLimitExceeded)",
            "quota",
        ),
        ({"State": "Failed", "StateReason": "Odd"}, "failed (Odd)", "Lambda console"),
        ({"VpcConfig": {}}, "outside any VPC", "Change"),
        (
            {"VpcConfig": {"SubnetIds": ["subnet-2"], "SecurityGroupIds": [GROUP]}},
            "not in this subnet",
            "Change",
        ),
        (
            {"VpcConfig": {"SubnetIds": [SUBNET], "SecurityGroupIds": ["sg-2"]}},
            "other security groups",
            "Change",
        ),
    ],
)
def test_a_function_that_cannot_run_says_why(
    said: dict[str, Any], detail: str, repair: str
) -> None:
    found = hops(**said)[-1]
    assert found.name == "function"
    assert detail in found.detail
    assert repair in found.repair


def test_a_function_that_is_gone_is_a_hop_not_an_error() -> None:
    awslambda = Clients("http://127.0.0.1:1").awslambda("eu-central-1")
    with Stubber(awslambda) as stub:
        stub.add_client_error("get_function_configuration", "ResourceNotFoundException")
        (found,) = function_hops(
            awslambda, "eu-central-1", "gone", subnet_id=SUBNET, group_ids=[GROUP]
        )
    assert (found.name, "does not exist" in found.detail) == ("function", True)
