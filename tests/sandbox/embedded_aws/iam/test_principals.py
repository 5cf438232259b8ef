"""Principals: a user and a role have their policies and their boundary."""

import json
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import iam

from webapp.sandbox.embedded_aws.iam import principals, users

ALLOW = {"Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
GIVEN: dict[str, Any] = {
    "users": [
        {"name": "shop", "access_key_id": "AKIASHOP", "secret": "s", "policies": {"all": ALLOW}}
    ],
    "policies": {"limit": ALLOW},
}


def test_a_user_has_the_policies_that_are_attached() -> None:
    users.install(json.dumps(GIVEN))
    found = principals.of_arn(f"arn:aws:iam::{get_account_id()}:user/shop")
    assert found.type == "User"
    assert [each.actions for policy in found.policies or [] for each in policy] == [["ec2:*"]]
    assert found.limits == []
    iam._users["shop"]["Tags"] = [{"Key": "Team", "Value": "egress"}]
    tagged = principals.of_arn(found.arn)
    assert tagged.keys == {"aws:username": "shop", "aws:principaltag/team": "egress"}


def test_a_role_has_its_own_policies_and_its_boundary() -> None:
    account = get_account_id()
    users.install(json.dumps(GIVEN))
    iam._roles["worker"] = {
        "InlinePolicies": {"own": json.dumps(ALLOW)},
        "PermissionsBoundary": f"arn:aws:iam::{account}:policy/limit",
    }
    found = principals.of_role(f"arn:aws:iam::{account}:role/worker", "AWSCloudFormation")
    assert found.arn == f"arn:aws:sts::{account}:assumed-role/worker/AWSCloudFormation"
    assert len(found.policies or []) == len(found.limits) == 1
    assert principals.of_role(f"arn:aws:iam::{account}:role/gone", "x").policies == []


def test_a_policy_that_changed_counts_from_the_next_request() -> None:
    principals.install()
    arn = f"arn:aws:iam::{get_account_id()}:user/shop"
    for action in ("ec2:*", "s3:*"):
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        user = GIVEN["users"][0] | {"policies": {"all": {"Statement": [statement]}}}
        users.install(json.dumps(GIVEN | {"users": [user]}))
        found = principals.of_arn(arn).policies or []
        assert [each.actions for policy in found for each in policy] == [[action]]
