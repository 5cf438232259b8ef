"""What Egret may do in an AWS account, and why: the one source of all its policies.

Each action has two reasons. `own` says which call of the dashboard needs it; `handlers` says which
of CloudFormation's handlers do, for the properties that our templates set. CloudFormation acts with
the caller's permissions, or with those of a service role where there is one.

Sources: the service authorization reference for what each action may be confined to, and the
permissions that AWS's resource provider schemas declare for their handlers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.aws.tags import MANAGED_TAG

Condition = Mapping[str, Mapping[str, str | list[str]]]

EVERYTHING = ("*",)
OURS: Condition = {"StringEquals": {f"aws:ResourceTag/{MANAGED_TAG}": "true"}}
"""What Egret has made is tagged so, by Egret or by CloudFormation with the tags of the stack."""
MADE_AS_OURS: Condition = {"StringEquals": {f"aws:RequestTag/{MANAGED_TAG}": "true"}}
THROUGH_SECRETS_MANAGER: Condition = {
    "StringLike": {"kms:ViaService": "secretsmanager.*.{dns_suffix}"}
}
WITH_THE_BOUNDARY: Condition = {"StringEquals": {"iam:PermissionsBoundary": "{boundary}"}}


@dataclass(frozen=True)
class Why:
    """Who needs an action; both may. Empty means that it does not."""

    own: str = ""
    handlers: str = ""


@dataclass(frozen=True)
class Grant:
    """Actions on the same resources, under the same condition.

    `resources` are ARNs where `{partition}`, `{account}` and `{prefix}` stand for what they name.
    `unconfined` says why actions that could do harm are allowed on more than what is Egret's.
    """

    sid: str
    resources: tuple[str, ...]
    actions: Mapping[str, Why]
    condition: Condition = field(default_factory=dict)
    effect: str = "Allow"
    unconfined: str = ""


DRIFT = "drift: CloudFormation reads as its caller, also where it has a service role"


def own(reason: str) -> Why:
    return Why(own=reason)


def handlers(types: str) -> Why:
    return Why(handlers=types)
