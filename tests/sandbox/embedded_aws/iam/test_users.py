"""Users of the sandbox: made at each start, and whatever they were is replaced."""

import json
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import iam

from webapp.sandbox.embedded_aws.iam import users

OLD = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NEW = {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


def install(key_id: str, document: dict[str, Any]) -> None:
    user = {"name": "seller", "access_key_id": key_id, "secret": "s"}
    given = {"users": [user | {"policies": {"seller-policy": document}}], "policies": {}}
    users.install(json.dumps(given))


def test_a_later_start_replaces_policies_and_keys_and_keeps_the_user() -> None:
    install("AKIAOLD", OLD)
    user = iam._users["seller"]["UserId"]
    install("AKIANEW", NEW)
    keys = [key["AccessKeyId"] for key in iam._access_keys.values() if key["UserName"] == "seller"]
    assert keys == ["AKIANEW"]
    arn = f"arn:aws:iam::{get_account_id()}:policy/seller-policy"
    assert iam._users["seller"]["AttachedPolicies"] == [arn]
    assert json.loads(iam._policies[arn]["Versions"]["v1"]["Document"]) == NEW
    assert iam._users["seller"]["UserId"] == user
