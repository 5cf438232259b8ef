"""Refusals: which policy refuses decides who can do something about it."""

import pytest

from webapp.aws.answers import Kind
from webapp.aws.answers.refusals import named_refusal, other_refusal

WHO = "User: arn:aws:sts::111122223333:assumed-role/deploy/me is not authorized to perform:"


@pytest.mark.parametrize(
    "form", ["because no {} policy allows the {} action", "with an explicit deny in a {} policy"]
)
@pytest.mark.parametrize(
    ("policy", "kind", "who"),
    [
        ("service control", Kind.ORGANIZATION, "the organization's administrator"),
        ("resource control", Kind.ORGANIZATION, "the organization's administrator"),
        ("session", Kind.PERMISSION, "who hands out the credentials"),
        ("VPC endpoint", Kind.PERMISSION, "manages that endpoint"),
        ("resource-based", Kind.PERMISSION, "owns that resource"),
        ("role trust", Kind.PERMISSION, "account's administrator"),
    ],
)
def test_each_kind_of_policy_is_told_with_who_can_change_it(
    form: str, policy: str, kind: Kind, who: str
) -> None:
    action = "ec2:CreateVpc"
    answer = named_refusal(f"{WHO} {action} on resource: r {form.format(policy, action)}")
    assert answer is not None
    assert (answer.kind, answer.actions) == (kind, (action,))
    assert who.lower() in answer.remedy().lower()
    assert action in answer.remedy()
    assert "Allow ec2" not in answer.remedy(), "the dashboard's own policy does not help"


def test_what_no_policy_of_the_dashboard_allows_is_allowed_there() -> None:
    text = f"{WHO} ec2:CreateVpc because no identity-based policy allows the ec2:CreateVpc action"
    assert named_refusal(text) is None
    answer = other_refusal(text)
    assert answer is not None
    assert answer.step.startswith("Allow ec2:CreateVpc in the dashboard's policy (role deploy)")


def test_a_boundary_is_demanded_only_of_roles() -> None:
    demanded = "EGRET_PERMISSIONS_BOUNDARY_ARN"
    for action, is_demanded in (("iam:CreateRole", True), ("ec2:CreateVpc", False)):
        text = f"{WHO} {action} because no permissions boundary allows the {action} action"
        answer = named_refusal(text)
        assert answer is not None
        assert (answer.kind, demanded in answer.step) == (Kind.BOUNDARY, is_demanded)


def test_a_deny_of_which_aws_does_not_say_where_it_is() -> None:
    answer = named_refusal(f"{WHO} lambda:GetFunction on resource: f with an explicit deny")
    assert answer is not None
    assert "denies lambda:GetFunction on f explicitly" in answer.cause
    assert "(SCP)" in answer.step


def test_an_encoded_message_can_be_decoded_by_an_administrator() -> None:
    answer = other_refusal("You are not authorized. Encoded authorization failure message: abc")
    assert answer is not None
    assert "aws sts decode-authorization-message" in answer.step


def test_another_text_is_no_refusal() -> None:
    for text in ("It just failed", "The maximum number of VPCs has been reached."):
        assert named_refusal(text) is None
        assert other_refusal(text) is None
