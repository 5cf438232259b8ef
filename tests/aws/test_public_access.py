"""VPC Block Public Access: what closes a network, what does not, and what can be done."""

from typing import Any

import pytest
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.public_access import BlockMode, PublicAccess

REGION = "eu-central-1"
OPTIONS = "describe_vpc_block_public_access_options"
EXCLUSIONS = "describe_vpc_block_public_access_exclusions"


def read(clients: Clients, *pages: list[dict[str, str]], **options: str) -> BlockMode:
    """The mode of a region with these options, and with pages of exclusions."""
    with Stubber(clients.ec2(REGION)) as stub:
        stub.add_response(OPTIONS, {"VpcBlockPublicAccessOptions": options})
        for number, page in enumerate(pages, 1):
            answer: dict[str, Any] = {"VpcBlockPublicAccessExclusions": page}
            more = {"NextToken": f"{number}"} if number < len(pages) else {}
            stub.add_response(EXCLUSIONS, answer | more)
        found = PublicAccess(clients).read(REGION)
        stub.assert_no_pending_responses()
        return found


@pytest.mark.parametrize("mode", ["off", "block-ingress"])
def test_nat_gateways_get_out_unless_both_directions_are_closed(
    offline: Clients, mode: str
) -> None:
    assert not read(offline, InternetGatewayBlockMode=mode).closes("vpc-1", "subnet-1")


def test_an_excluded_vpc_or_nat_subnet_gets_out_and_others_do_not(offline: Clients) -> None:
    arn = "arn:aws:ec2:eu-central-1:1:"
    pages = (
        [{"ResourceArn": f"{arn}vpc/vpc-1", "State": "create-complete"}],
        [
            {"ResourceArn": f"{arn}subnet/subnet-2", "State": "update-complete"},
            {"ResourceArn": f"{arn}vpc/vpc-3", "State": "delete-complete"},
        ],
    )
    found = read(offline, *pages, InternetGatewayBlockMode="block-bidirectional")
    assert not found.closes("vpc-1", "subnet-1")
    assert not found.closes("vpc-2", "subnet-2")
    assert found.closes("vpc-3", "subnet-3")


@pytest.mark.parametrize(
    ("options", "repair"),
    [
        ({}, "Create an egress-only exclusion for vpc-1, or set"),
        ({"ManagedBy": "declarative-policy"}, "Create an egress-only exclusion for vpc-1."),
        (
            {"ManagedBy": "declarative-policy", "ExclusionsAllowed": "not-allowed"},
            "A policy of your organization set it: ask those who manage it to set",
        ),
    ],
)
def test_the_repair_is_one_that_the_account_can_make(
    offline: Clients, options: dict[str, str], repair: str
) -> None:
    found = read(offline, [], InternetGatewayBlockMode="block-bidirectional", **options)
    assert found.repair("vpc-1").startswith(repair)


@pytest.mark.parametrize(
    ("code", "readable"), [("UnauthorizedOperation", False), ("InvalidAction", True)]
)
def test_a_region_that_does_not_tell_closes_nothing(
    offline: Clients, code: str, readable: bool
) -> None:
    with Stubber(offline.ec2(REGION)) as stub:
        stub.add_client_error(OPTIONS, code)
        found = PublicAccess(offline).read(REGION)
    assert (found.readable, found.closes("vpc-1")) == (readable, False)
