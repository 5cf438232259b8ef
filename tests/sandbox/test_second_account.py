"""The sandbox's second account: apart from the first, and entered by a role that trusts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.clouds import session_with
from tests.sandbox.lab import code_of
from webapp.aws.clients import Clients
from webapp.aws.policy import trust
from webapp.sandbox.launcher import ACCOUNT, SECOND_ACCOUNT, Sandbox

REGION = "eu-central-1"
NAME, ID = "dashboard-for-egret", "the-external-id"
ARN = f"arn:aws:iam::{SECOND_ACCOUNT}:role/{NAME}"
SEE = {"Effect": "Allow", "Action": "ec2:DescribeAddresses", "Resource": "*"}


@pytest.fixture(scope="module")
def second(sandbox: Sandbox) -> Clients:
    """As its administrator."""
    info = sandbox.info
    keys = (info.second_access_key_id, info.second_secret_access_key)
    return Clients(info.aws_endpoint, session_with(*keys))


@pytest.fixture
def role(second: Clients) -> Iterator[str]:
    iam, document = second.iam(REGION), trust(f"arn:aws:iam::{ACCOUNT}:user/dashboard", ID)
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(document))
    see = json.dumps({"Version": "2012-10-17", "Statement": [SEE]})
    iam.put_role_policy(RoleName=NAME, PolicyName="see", PolicyDocument=see)
    yield ARN
    iam.delete_role_policy(RoleName=NAME, PolicyName="see")
    iam.delete_role(RoleName=NAME)


@pytest.fixture(scope="module")
def sts(sandbox: Sandbox) -> Any:
    """As the dashboard."""
    user = sandbox.users.dashboard
    session = session_with(user.access_key_id, user.secret)
    return Clients(sandbox.info.aws_endpoint, session).sts(REGION)


def assume(sts: Any, arn: str, **given: str) -> Any:
    return sts.assume_role(RoleArn=arn, RoleSessionName="tests", **given)["Credentials"]


def test_its_administrator_sees_nothing_of_the_first(clients: Clients, second: Clients) -> None:
    assert second.account_id(REGION) == SECOND_ACCOUNT
    allocated = clients.ec2(REGION).allocate_address(Domain="vpc")
    assert second.ec2(REGION).describe_addresses()["Addresses"] == []
    clients.ec2(REGION).release_address(AllocationId=allocated["AllocationId"])


def test_two_accounts_never_have_the_same_public_address(clients: Clients, second: Clients) -> None:
    made = [each.ec2(REGION).allocate_address(Domain="vpc") for each in (clients, second)]
    assert made[0]["PublicIp"] != made[1]["PublicIp"]
    for each, there in zip((clients, second), made, strict=True):
        each.ec2(REGION).release_address(AllocationId=there["AllocationId"])


def test_its_role_is_assumed_with_the_external_id_alone(
    sts: Any, role: str, sandbox: Sandbox
) -> None:
    for wrong in ({}, {"ExternalId": "another"}):
        with pytest.raises(ClientError) as raised:
            assume(sts, role, **wrong)
        assert code_of(raised) == "AccessDenied"
    found = assume(sts, role, ExternalId=ID)
    keys = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    inside = Clients(sandbox.info.aws_endpoint, session_with(*keys))
    assert inside.account_id(REGION) == SECOND_ACCOUNT
    assert inside.ec2(REGION).describe_addresses()["Addresses"] == []
    with pytest.raises(ClientError) as raised:
        inside.ec2(REGION).describe_vpcs()
    assert code_of(raised) == "UnauthorizedOperation"


def test_a_role_that_is_not_there_is_refused_as_one_that_does_not_trust(sts: Any) -> None:
    with pytest.raises(ClientError) as raised:
        assume(sts, ARN, ExternalId=ID)
    assert code_of(raised) == "AccessDenied"
