"""Whom Egret acts as, and whether a role of another account lets it in."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from webapp.aws.accounts import AccountRole, assume
from webapp.aws.clients import Clients
from webapp.aws.errors import PERMISSION_MISSING, aws_errors, code_of

ASSUMED = ":assumed-role/"


@dataclass(frozen=True)
class Identity:
    """The account's number, and the ARN of the user or role."""

    account: str
    principal: str


class Identities:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def current(self, region: str) -> Identity:
        """Of the credentials that these adapters have. Raises AwsError."""
        with aws_errors("asking whose credentials these are", region):
            found = self._clients.sts(region).get_caller_identity()
        return Identity(found["Account"], principal_of(found["Arn"]))

    def assume(self, role: AccountRole, external_id: str | None) -> Identity | None:
        """Whose session it is that the role gives for that external id; None when it gives none.

        Raises AwsError when AWS does not say.
        """
        with aws_errors(f"trying the role {role.arn}", role.region):
            try:
                answer = assume(self._clients.sts(role.region), role, external_id)
            except ClientError as error:
                if code_of(error) in PERMISSION_MISSING:
                    return None
                raise
        arn: str = answer["AssumedRoleUser"]["Arn"]
        return Identity(arn.split(":")[4], principal_of(arn))


def principal_of(arn: str) -> str:
    """What a trust policy names: of a session, its role. A role's path is not in its session's ARN,
    so that of a role with a path lacks it."""
    if ASSUMED not in arn:
        return arn
    partition, account = arn.split(":")[1], arn.split(":")[4]
    name = arn.partition(ASSUMED)[2].partition("/")[0]
    return f"arn:{partition}:iam::{account}:role/{name}"
