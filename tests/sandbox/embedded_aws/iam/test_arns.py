"""Conditions on ARNs compare part by part."""

import pytest

from webapp.sandbox.embedded_aws.iam.arns import is_like

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:egret-shop"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (ARN, True),
        ("arn:aws:lambda:*:111122223333:function:egret-*", True),
        ("arn:aws:lambda:*:*:*", True),
        ("arn:aws:lambda:*:function:egret-*", False),
        ("arn:aws:lambda:*", False),
        ("arn:aws:lambda:*:444455556666:function:egret-*", False),
        ("*", False),
    ],
)
def test_a_wildcard_does_not_reach_over_a_colon(pattern: str, matches: bool) -> None:
    assert is_like(ARN, pattern) is matches
