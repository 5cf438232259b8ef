"""Makes the policies in an account, for `egret policy --apply`: an administrator runs it.

Running it again changes only what differs, so it is also how an account follows a newer version of
Egret. It attaches nothing to the dashboard's user or role, which is the administrator's business;
only roles that are Egret's alone get their policies: the service role, and in another account the
one that the dashboard assumes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import (
    PERMISSION_MISSING,
    TRIES_AGAIN,
    AccessDenied,
    AwsError,
    NotReached,
    aws_errors,
)
from webapp.aws.policy.documents import ANY_ACCOUNT, Document, Place, all_of
from webapp.errors import Invalid

VERSIONS_MAX = 5
"""Of a managed policy, which IAM keeps; a new one needs room."""
MADE, CHANGED, LEFT = "made", "changed", "left as it is"
FOR_ADMINISTRATORS = (
    "Run it with the credentials of an administrator, who may create policies and roles in IAM."
)
FIX, AGAIN = "Read the reason and fix it.", "Then run it again."
TRUST: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudformation.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
"""Who may act with the service role."""


def place_of(clients: Clients, region: str, wanted: Place) -> Place:
    """The place that `wanted` describes, in the account and partition of the credentials.

    Raises Invalid when the wanted account is another one than theirs, and AwsError.
    """
    with _as_administrator("asking whose credentials these are", region):
        arn = clients.sts(region).get_caller_identity()["Arn"]
    _, partition, _, _, account, *_ = arn.split(":")
    if wanted.account not in (ANY_ACCOUNT, account):
        raise Invalid(
            f"These credentials belong to the account {account}, not to {wanted.account}.",
            remedy="Use those of an administrator of that account (AWS_PROFILE), or leave "
            "--account out.",
        )
    return Place(account, partition, wanted.prefix, wanted.boundary)


def apply(
    clients: Clients,
    region: str,
    place: Place,
    *,
    service_role: bool = False,
    trusting: Document | None = None,
) -> Iterator[tuple[str, str]]:
    """Make what is missing and change what differs: ARN by ARN, and what became of each.

    `trusting`: in another account than the dashboard's, the trust policy of the role that it
    assumes. With a boundary of the account's own, Egret's is not made. Harmless if repeated. Raises
    AwsError at what AWS refuses; what came before it stays.
    """
    documents = all_of(place, service_role=service_role, elsewhere=trusting is not None)
    iam = _Iam(clients, region)
    if place.boundary:
        del documents["boundary"]
    for name, document in documents.items():
        arn = place.policy_arn(name)
        yield arn, iam.policy(arn, document)
    if service_role:
        arn = place.service_role_arn
        yield arn, iam.role(_name(arn), TRUST, [place.policy_arn("cloudformation")])
    if trusting:
        arn, attached = place.account_role_arn, attached_to_dashboard(service_role=service_role)
        yield arn, iam.role(_name(arn), trusting, [place.policy_arn(each) for each in attached])


def attached_to_dashboard(*, service_role: bool) -> list[str]:
    """The policies that whom Egret acts as needs, by name."""
    return ["dashboard"] if service_role else ["dashboard", "cloudformation"]


class _Iam:
    """IAM has one endpoint for a partition; `region` says which partition."""

    def __init__(self, clients: Clients, region: str) -> None:
        self._clients, self._region = clients, region

    def policy(self, arn: str, document: Document) -> str:
        """MADE, CHANGED or LEFT."""
        name, text = _name(arn), json.dumps(document, separators=(",", ":"))
        with self._doing(f"making the policy {name}") as iam:
            versions = self._versions(iam, arn)
            if not versions:
                iam.create_policy(PolicyName=name, PolicyDocument=text)
                return MADE
            current = next(each for each in versions if each["IsDefaultVersion"])
            found = iam.get_policy_version(PolicyArn=arn, VersionId=current["VersionId"])
            if found["PolicyVersion"]["Document"] == document:
                return LEFT
            if len(versions) >= VERSIONS_MAX:
                others = (each for each in versions if not each["IsDefaultVersion"])
                oldest = min(others, key=lambda each: int(each["VersionId"].removeprefix("v")))
                iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
            return CHANGED

    def role(self, name: str, trusting: Document, policy_arns: Sequence[str]) -> str:
        """The role, with these policies: MADE, CHANGED or LEFT."""
        with self._doing(f"making the role {name}") as iam:
            trust, done = json.dumps(trusting), LEFT
            try:
                role = iam.get_role(RoleName=name)["Role"]
            except iam.exceptions.NoSuchEntityException:
                iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
                done = MADE
            else:
                if role["AssumeRolePolicyDocument"] != trusting:
                    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
                    done = CHANGED
            pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            attached = {p["PolicyArn"] for page in pages for p in page["AttachedPolicies"]}
            for arn in policy_arns:
                if arn not in attached:
                    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
                    done = done if done == MADE else CHANGED
            return done

    def _versions(self, iam: Any, arn: str) -> list[Mapping[str, Any]]:
        """None when there is no such policy."""
        try:
            pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
            return [version for page in pages for version in page["Versions"]]
        except iam.exceptions.NoSuchEntityException:
            return []

    @contextmanager
    def _doing(self, what: str) -> Iterator[Any]:
        with _as_administrator(what, self._region):
            yield self._clients.iam(self._region)


@contextmanager
def _as_administrator(doing: str, region: str) -> Iterator[None]:
    """AWS's errors as ours. A missing permission is not one of the dashboard's here, and nothing is
    tried again by itself."""
    try:
        with aws_errors(doing, region):
            yield
    except AwsError as error:
        if error.aws_code in PERMISSION_MISSING:
            error.remedy = FOR_ADMINISTRATORS
        elif isinstance(error, NotReached):
            error.remedy = "Try again in a minute."
        elif isinstance(error, AccessDenied):
            error.remedy = f"{error.remedy.removesuffix(TRIES_AGAIN).strip()} {AGAIN}"
        else:  # its usual remedy is about stacks
            error.remedy = f"{FIX} {AGAIN}"
        raise


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
