"""Limits of the account: whom they are for, and which end."""

import pytest

from webapp.sandbox.embedded_aws.iam.limits import Limit, Limits
from webapp.sandbox.embedded_aws.iam.needs import Need

USER = "arn:aws:iam::111122223333:user/"


def limits(*given: Limit) -> Limits:
    made = Limits()
    made.put(given)
    return made


@pytest.mark.parametrize(("user", "applies"), [("dashboard", 1), ("administrator", 0), ("nat", 0)])
def test_what_is_taken_away_is_left_to_the_administrator(user: str, applies: int) -> None:
    made = limits(Limit(deny_actions=["ec2:CreateVpc"], boundary={"Statement": []}))
    assert made.takes_away(USER + user, "ec2:CreateVpc") is bool(applies)
    assert not made.takes_away(USER + user, "ec2:DeleteVpc")
    assert len(made.boundaries(USER + user)) == applies


@pytest.mark.parametrize(("user", "applies"), [("dashboard", 1), ("administrator", 1), ("nat", 0)])
def test_a_service_control_policy_is_for_administrators_too(user: str, applies: int) -> None:
    assert len(limits(Limit(scp={"Statement": []})).scps(USER + user)) == applies


def test_a_region_is_disabled_until_the_switch_is_gone() -> None:
    made = limits(Limit(disabled_region="eu-south-1"))
    assert not made.is_enabled("eu-south-1")
    assert made.is_enabled("eu-central-1")
    made.put([])
    assert made.is_enabled("eu-south-1")


def test_an_account_that_is_being_verified_cannot_make_anything_in_ec2() -> None:
    made = limits(Limit(under_verification=True))
    assert made.is_pending([Need("ec2:CreateVpc")])
    assert not made.is_pending([Need("ec2:DescribeVpcs"), Need("iam:CreateRole")])
    assert not limits().is_pending([Need("ec2:CreateVpc")])
