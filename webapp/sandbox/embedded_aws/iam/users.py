"""Makes the sandbox's own IAM users and policies at each start, as the launcher says.

Their policies are those of this version, whatever the saved state has.
"""

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import iam

Given = dict[str, Any]


def install(given: str) -> None:
    """`given` is JSON, as `webapp.sandbox.users.Users.as_json` makes it. Call it with the state
    loaded."""
    told: Given = json.loads(given)
    _install(told)
    for account, theirs in told.get("accounts", {}).items():
        with request_scope(account, get_region()):
            _install(theirs)


def _install(told: Given) -> None:
    for name, document in told["policies"].items():
        _put_policy(name, document)
    for user in told["users"]:
        _put_user(user)


def _put_user(given: Given) -> None:
    name, key_id = given["name"], given["access_key_id"]
    if name not in iam._users:
        iam._create_user({"UserName": [name]})
    arns = [_put_policy(policy, document) for policy, document in given["policies"].items()]
    iam._users[name]["AttachedPolicies"] = arns
    for old_id, key in list(iam._access_keys.items()):
        if key["UserName"] == name:
            del iam._access_keys[old_id]
    iam._access_keys[key_id] = {
        "UserName": name,
        "AccessKeyId": key_id,
        "SecretAccessKey": given["secret"],
        "Status": "Active",
        "CreateDate": iam._now(),
    }


def _put_policy(name: str, document: Given) -> str:
    arn = f"arn:aws:iam::{get_account_id()}:policy/{name}"
    iam.store_policy(arn, name, "/", document)
    return arn
