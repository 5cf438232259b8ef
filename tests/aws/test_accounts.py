"""Other accounts: their credentials, which renew themselves, and what accounts share."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.accounts import (
    EXTERNAL_ID_BYTES,
    SESSION_NAME,
    SESSION_S,
    AccountRole,
    acting_as,
    in_account,
    new_external_id,
)
from webapp.aws.clients import Clients
from webapp.aws.errors import AccessDenied, aws_errors
from webapp.aws.pace import LocalTurns, Pace
from webapp.aws.policy import trust

REGION, NUMBER = "eu-central-1", "310987654321"
ROLE = AccountRole(
    "shop", f"arn:aws:iam::{NUMBER}:role/dashboard-for-egret", "an-external-id", REGION
)


def given(key: str, *, for_: timedelta = timedelta(hours=1)) -> dict[str, Any]:
    """STS's answer."""
    until = datetime.now(UTC) + for_
    made = {"AccessKeyId": key, "SecretAccessKey": "x", "SessionToken": "t", "Expiration": until}
    return {"Credentials": made}


@pytest.fixture(scope="module")
def shared() -> ScriptedAws:
    return ScriptedAws()


@pytest.fixture
def aws(shared: ScriptedAws) -> ScriptedAws:
    shared.reset()
    shared.answers |= {"AssumeRole": given("ASIAFIRST"), "DescribeVpcs": {"Vpcs": []}}
    return shared


def key_of_now(client: Any) -> str:
    """In a call: what signs it."""
    return str(client._request_signer._credentials.access_key)


def key_of(client: Any) -> str:
    """What signs a call that it makes."""
    with acting_as(getattr(client, "acts_as", None)):
        return key_of_now(client)


def test_a_client_of_another_account_acts_as_its_role_for_a_named_while(aws: ScriptedAws) -> None:
    member: Any = aws.clients.assuming(ROLE).ec2(REGION)
    assert member.describe_vpcs()["Vpcs"] == []
    assert key_of(member) == "ASIAFIRST"
    assert aws.calls("AssumeRole") == [
        {
            "RoleArn": ROLE.arn,
            "RoleSessionName": SESSION_NAME,
            "DurationSeconds": SESSION_S,
            "ExternalId": "an-external-id",
        }
    ]
    own: Any = aws.clients.ec2(REGION)
    assert key_of(own) != "ASIAFIRST"


def test_credentials_are_renewed_before_they_end(aws: ScriptedAws) -> None:
    aws.answers["AssumeRole"] = given("ASIASOON", for_=timedelta(minutes=1))
    member = aws.clients.assuming(ROLE)
    client = member.ec2(REGION)
    aws.answers["AssumeRole"] = given("ASIANEXT")
    assert key_of(client) == "ASIANEXT"


def test_a_role_that_is_refused_is_told_by_account_and_role(aws: ScriptedAws) -> None:
    aws.answers["AssumeRole"] = refusal("AccessDenied", "not authorized", status=403)
    with pytest.raises(AccessDenied) as raised, aws_errors("listing", REGION):
        aws.clients.assuming(ROLE).ec2(REGION)
    assert f"does not let Egret assume {ROLE.arn} of the account shop" in raised.value.detail
    assert "trust policy" in raised.value.remedy
    assert ROLE.external_id not in f"{raised.value.detail} {raised.value.remedy} {ROLE!r}"


def test_accounts_share_all_of_a_client(aws: ScriptedAws) -> None:
    own: Any = aws.clients.ec2(REGION)
    member: Any = aws.clients.assuming(ROLE).ec2(REGION)
    assert isinstance(member, type(own))
    assert (member.meta, member.exceptions) == (own.meta, own.exceptions)
    signed = []
    own.meta.events.register("before-call.ec2", lambda **_: signed.append(key_of_now(own)))
    for client in (member, own):
        for page in client.get_paginator("describe_vpcs").paginate():
            assert page["Vpcs"] == []
    assert signed[0] == "ASIAFIRST" != signed[1]
    assert aws.calls("AssumeRole"), "the hooks of the own session hold for the member's too"


def test_a_throttled_account_does_not_slow_another_one_down(aws: ScriptedAws) -> None:
    pace = Pace(LocalTurns(clock=lambda: 0.0), sleep=(waits := list[float]()).append)
    own = Clients("http://127.0.0.1:9", aws.clients._sessions.current(), pace=pace)
    member = own.assuming(ROLE)
    throttled = {"parsed_response": {"Error": {"Code": "Throttling"}}}
    events = own.ec2(REGION).meta.events
    with acting_as(member):
        events.emit("response-received.ec2.DescribeVpcs", **throttled)
    events.emit("before-send.ec2.DescribeVpcs")
    assert waits == []
    with acting_as(member):
        events.emit("before-send.ec2.DescribeVpcs")
    assert len(waits) == 1


def test_the_same_role_has_the_same_cloud(aws: ScriptedAws) -> None:
    member = aws.cloud.of(ROLE)
    assert member is aws.cloud.of(ROLE) is member.of(ROLE)
    assert aws.cloud is aws.cloud.of(None) is member.of(None)
    assert (aws.cloud.number, member.number) == ("", NUMBER)


@pytest.mark.parametrize(
    ("arn", "there"),
    [
        ("arn:aws:iam::111122223333:policy/b", f"arn:aws:iam::{NUMBER}:policy/b"),
        ("arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/PowerUserAccess"),
        ("", ""),
    ],
)
def test_what_is_named_by_an_arn_has_the_same_name_in_each_account(arn: str, there: str) -> None:
    assert in_account(arn, NUMBER) == there
    assert in_account(arn, "") == arn


def test_an_external_id_is_one_that_nobody_can_guess_and_iam_takes() -> None:
    made = {new_external_id() for _ in range(100)}
    assert len(made) == 100
    assert min(len(each) for each in made) * 6 >= EXTERNAL_ID_BYTES * 8
    assert all(each.replace("-", "").replace("_", "").isalnum() for each in made)
    document = trust("arn:aws:iam::111122223333:user/dashboard", "x")
    assert json.loads(json.dumps(document))["Statement"][0]["Condition"] == {
        "StringEquals": {"sts:ExternalId": "x"}
    }
