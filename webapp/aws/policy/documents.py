"""The policies as IAM takes them, made of the grants.

    dashboard        what the dashboard itself calls
    cloudformation   what CloudFormation's handlers call: for its service role or, without one, for
                     the dashboard too, since CloudFormation then acts as the dashboard
    boundary         what any role that Egret makes may do at most

The dashboard's policy lets it make roles only with the boundary. So whoever uses the dashboard's
credentials cannot make a role that may do more than one of Egret's functions.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from webapp.aws.partitions import STANDARD, dns_suffix_of, known
from webapp.aws.policy.accounts import ACCOUNTS, ROLE
from webapp.aws.policy.code import CODE
from webapp.aws.policy.functions import FUNCTIONS
from webapp.aws.policy.grants import Grant, Why
from webapp.aws.policy.keys import KEYS
from webapp.aws.policy.networks import NETWORKS
from webapp.aws.policy.roles import ON_ROLES, PASS_SERVICE_ROLE
from webapp.aws.policy.stacks import STACKS
from webapp.errors import Invalid

MANAGED_POLICY_MAX_CHARS = 6_144
"""Of a managed policy, white space not counted."""
PREFIX = r"[a-z][a-z0-9-]{1,15}"
ANY_ACCOUNT = "ACCOUNT"
"""Stands for the account's number in a policy that is only shown."""
GRANTS = (*STACKS, *NETWORKS, *FUNCTIONS, *CODE, *KEYS, *ACCOUNTS)

Document = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where the policies are for. `boundary` is the ARN of another one than Egret's own.

    Raises Invalid for names that AWS does not know.
    """

    account: str = ANY_ACCOUNT
    partition: str = STANDARD
    prefix: str = "egret"
    boundary: str = ""

    def __post_init__(self) -> None:
        _check("account", self.account, rf"\d{{12}}|{ANY_ACCOUNT}", "12 digits")
        _check("partition", self.partition, "|".join(known()), " or ".join(known()))
        _check("prefix", self.prefix, PREFIX, "2 to 16 lowercase letters, digits and hyphens")
        _check("boundary", self.boundary, r"|arn:[^:]+:iam::\w+:policy/.+", "a policy's ARN")

    @property
    def boundary_arn(self) -> str:
        return self.boundary or self.policy_arn("boundary")

    @property
    def service_role_arn(self) -> str:
        """Its name does not begin with the prefix: the dashboard may change roles that do."""
        return self._iam(f"role/cloudformation-for-{self.prefix}")

    @property
    def account_role_arn(self) -> str:
        """The role that a dashboard in another account assumes."""
        return self._iam(f"role/{ROLE.format(prefix=self.prefix)}")

    def policy_arn(self, name: str) -> str:
        """The ARN of the policy `name` (of those that `all_of` gives) once it is made."""
        return self._iam(f"policy/{self.prefix}-{name}")

    def fill(self, value: Any) -> Any:
        """Put the names of the place into a text, a list or a mapping of texts."""
        if isinstance(value, str):
            return value.format(
                account=self.account,
                partition=self.partition,
                prefix=self.prefix,
                boundary=self.boundary_arn,
                service_role=self.service_role_arn,
                dns_suffix=dns_suffix_of(self.partition),
            )
        if isinstance(value, list | tuple):
            return [self.fill(each) for each in value]
        return {key: self.fill(each) for key, each in value.items()}

    def _iam(self, name: str) -> str:
        return f"arn:{self.partition}:iam::{self.account}:{name}"


def all_of(
    place: Place, *, service_role: bool = False, elsewhere: bool = False
) -> dict[str, Document]:
    """The three by name. `elsewhere`: for an account whose role a dashboard in another one has."""
    return {
        "dashboard": dashboard(place, service_role=service_role, elsewhere=elsewhere),
        "cloudformation": cloudformation(place),
        "boundary": boundary(place),
    }


def dashboard(place: Place, *, service_role: bool = False, elsewhere: bool = False) -> Document:
    """The dashboard's policy; if CloudFormation has a role of its own, it may pass that. From its
    role `elsewhere` it goes no further."""
    grants = [
        grant
        for grant in _needed(GRANTS, lambda why: why.own)
        if not (elsewhere and grant in ACCOUNTS)
    ]
    return _document(place, [*grants, PASS_SERVICE_ROLE] if service_role else grants)


def cloudformation(place: Place) -> Document:
    """The policy of whom CloudFormation acts as."""
    return _document(place, _needed(GRANTS, lambda why: why.handlers))


def boundary(place: Place) -> Document:
    """The boundary of every role that Egret makes."""
    return _document(place, ON_ROLES)


def trust(principal: str, external_id: str) -> Document:
    """Who may assume the role of an account: that principal, and only with that external id.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def size(document: Document) -> int:
    """Characters that count against IAM's limit."""
    return len("".join(json.dumps(document, separators=(",", ":")).split()))


def _check(field: str, value: str, pattern: str, expected: str) -> None:
    if not re.fullmatch(pattern, value):
        raise Invalid(f"{value!r} cannot be the {field}: it is {expected}.", field=field)


def _needed(grants: Iterable[Grant], reason: Callable[[Why], str]) -> list[Grant]:
    """The grants with those of their actions that have the reason."""
    needed = (
        replace(grant, actions={a: why for a, why in grant.actions.items() if reason(why)})
        for grant in grants
    )
    return [grant for grant in needed if grant.actions]


def _document(place: Place, grants: Iterable[Grant]) -> Document:
    statements = [_statement(place, grant) for grant in _joined(grants)]
    return {"Version": "2012-10-17", "Statement": statements}


def _joined(grants: Iterable[Grant]) -> list[Grant]:
    """Those for the same resources under the same condition as one: IAM's limit is tight."""
    joined: dict[str, Grant] = {}
    for grant in grants:
        key = json.dumps([grant.effect, grant.resources, grant.condition])
        first = joined.get(key, grant)
        joined[key] = replace(first, actions={**first.actions, **grant.actions})
    return [*joined.values()]


def _statement(place: Place, grant: Grant) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": grant.sid,
        "Effect": grant.effect,
        "Action": _one_or_all(sorted(grant.actions)),
        "Resource": _one_or_all(place.fill(grant.resources)),
    }
    return statement | ({"Condition": place.fill(grant.condition)} if grant.condition else {})


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
