"""Whom Egret acts as, and what a role of another account says to it."""

import pytest

from tests.aws.test_accounts import REGION, ROLE, given
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.errors import NotReached
from webapp.aws.identities import Identity, principal_of

SESSION = f"arn:aws:sts::{ROLE.number}:assumed-role/dashboard-for-egret/Egret"


@pytest.fixture(scope="module")
def aws() -> ScriptedAws:
    return ScriptedAws()


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        ("arn:aws:iam::111122223333:user/team/me", "arn:aws:iam::111122223333:user/team/me"),
        ("arn:aws-cn:sts::111122223333:assumed-role/r/i-1", "arn:aws-cn:iam::111122223333:role/r"),
    ],
)
def test_a_trust_policy_names_a_user_or_the_role_of_a_session(arn: str, principal: str) -> None:
    assert principal_of(arn) == principal


def test_the_identity_is_that_of_the_credentials(aws: ScriptedAws) -> None:
    aws.answers["GetCallerIdentity"] = {"Account": "1" * 12, "Arn": "arn:aws:iam::1:user/me"}
    found = aws.cloud.identities.current(REGION)
    assert found == Identity("1" * 12, "arn:aws:iam::1:user/me")


def test_a_role_that_opens_gives_a_session_of_its_account(aws: ScriptedAws) -> None:
    aws.answers["AssumeRole"] = given("ASIA") | {"AssumedRoleUser": {"Arn": SESSION}}
    found = aws.cloud.identities.assume(ROLE, None)
    assert found == Identity(ROLE.number, ROLE.arn)
    assert "ExternalId" not in aws.calls("AssumeRole")[-1]


def test_a_role_that_does_not_open_gives_none(aws: ScriptedAws) -> None:
    aws.answers["AssumeRole"] = refusal("AccessDenied", "not authorized", status=403)
    assert aws.cloud.identities.assume(ROLE, "wrong") is None


def test_no_answer_is_no_refusal(aws: ScriptedAws) -> None:
    """Or a role that is throttled would pass for one that keeps others out."""
    aws.answers["AssumeRole"] = refusal("Throttling", "Rate exceeded")
    with pytest.raises(NotReached):
        aws.cloud.identities.assume(ROLE, None)
