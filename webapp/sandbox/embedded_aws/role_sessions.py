"""The credentials that a function acts with: a session of its role, as Lambda has one made.

The session is STS's own, so IAM judges what it asks for by the role's policies, and its signatures
are checked with its secret. IAM also knows which function asks (`lambda:SourceFunctionArn`).

https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
"""

import secrets
import time
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import iam, lambda_svc, sts

LIFETIME_S = 3600.0
KEY_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
KEY_ID_RANDOM_LETTERS = 16
SECRET_BYTES = 30
TOKEN_BYTES = 96
NAME_MAX = 64
UNQUALIFIED = 7
"""Parts of a function's ARN without the version or alias that runs."""
FUNCTION = "SourceFunctionArn"

Config = dict[str, Any]


def install() -> None:
    """Give functions these credentials, and tell IAM which function a request comes from."""
    principal_keys = iam_evaluator._principal_keys

    def with_function(credential: Any) -> dict[str, Any]:
        keys: dict[str, Any] = principal_keys(credential)
        function = sts._sessions.get(credential.access_key_id, {}).get(FUNCTION)
        return keys | ({"lambda:sourcefunctionarn": function} if function else {})

    iam_evaluator._principal_keys = with_function
    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = credentials


def credentials(function: Config) -> dict[str, str]:
    """The environment variables of a new session of the function's role."""
    account = function["FunctionArn"].split(":")[4]
    role, name = function["Role"].rpartition("/")[2], function["FunctionName"][:NAME_MAX]
    known = iam._roles.get_scoped(account, None, role) or {}
    letters = (secrets.choice(KEY_ID_LETTERS) for _ in range(KEY_ID_RANDOM_LETTERS))
    key_id, secret = f"ASIA{''.join(letters)}", secrets.token_urlsafe(SECRET_BYTES)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "UserId": f"{known.get('RoleId', role)}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": time.time() + LIFETIME_S,
        FUNCTION: ":".join(function["FunctionArn"].split(":")[:UNQUALIFIED]),
    }
    sts.register_session(key_id, session)
    return {
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }
