"""A policy is for whoever asks: its variables have the values of the request."""

import pytest
from ministack.core.iam_evaluator import EvalContext, parse_policy_document

from webapp.sandbox.embedded_aws.iam.variables import filled

ARN = "arn:aws:iam::111122223333:user/"
KEYS = {"aws:username": "shop", "aws:principaltag/team": "egress"}


@pytest.mark.parametrize(
    ("resource", "became"),
    [
        (f"{ARN}*", f"{ARN}*"),
        (f"{ARN}${{aws:username}}", f"{ARN}shop"),
        (f"{ARN}${{aws:UserName}}-${{aws:PrincipalTag/team}}", f"{ARN}shop-egress"),
        (f"{ARN}${{aws:PrincipalTag/other, 'none'}}", f"{ARN}none"),
        (f"{ARN}${{aws:PrincipalTag/other}}", None),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_variable_has_the_value_of_the_request_or_its_statement_does_not_match(
    resource: str, became: str | None, effect: str
) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/owner": [resource]}}
    written = {"Effect": effect, "Action": "*", "Resource": [resource], "Condition": condition}
    given = parse_policy_document({"Statement": [written]})
    context = EvalContext(ARN, "User", "111122223333", "iam:GetUser", ARN, "", principal_keys=KEYS)
    found = [*filled(given, context)]
    assert [each.resources for each in found] == ([[became]] if became else [])
    assert [each.conditions["StringEquals"] for each in found] == (
        [{"aws:ResourceTag/owner": [became]}] if became else []
    )
