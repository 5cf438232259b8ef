"""What an administrator of an account makes there, so that Egret can act in it."""

import json
from dataclasses import dataclass

from webapp.aws import policy
from webapp.aws.accounts import in_account
from webapp.aws.partitions import partition
from webapp.aws.policy import Document, Place
from webapp.models import Account
from webapp.scope import CloudScope
from webapp.services.accounts.details import own_identity
from webapp.settings import Settings


@dataclass(frozen=True)
class Setup:
    """The role's name, its trust policy, the policies to make by name, and those to attach to it.

    `service_role` is the name of the role that CloudFormation acts with, if it has one.

    `command` makes all of it, with the credentials of an administrator of that account.
    """

    role_name: str
    trust: Document
    policies: dict[str, Document]
    attached: list[str]
    service_role: str
    command: str

    @property
    def trust_text(self) -> str:
        return _text(self.trust)

    @property
    def texts(self) -> dict[str, str]:
        """The policies as people copy them."""
        return {name: _text(document) for name, document in self.policies.items()}


def setup_of(scope: CloudScope, account: Account) -> Setup:
    """Raises AwsError when AWS does not say whom the dashboard acts as."""
    settings, trusted = scope.settings, own_identity(scope).principal
    place, has_role = place_of(settings, account.number), bool(settings.service_role_arn)
    documents = policy.all_of(place, service_role=has_role, elsewhere=True)
    if place.boundary:
        del documents["boundary"]
    attached = ["dashboard"] if has_role else ["dashboard", "cloudformation"]
    return Setup(
        role_name=account.role_arn.rpartition("/")[2],
        trust=policy.trust(trusted, account.external_id),
        policies={f"{place.prefix}-{name}": text for name, text in documents.items()},
        attached=[f"{place.prefix}-{name}" for name in attached],
        service_role=place.service_role_arn.rpartition("/")[2] if has_role else "",
        command=_command(settings, account, trusted),
    )


def place_of(settings: Settings, number: str) -> Place:
    """Where the account's policies are for."""
    own = settings.permissions_boundary_arn
    usual = Place(number, partition(settings.home_region), settings.name_prefix)
    boundary = in_account(own, number)
    if boundary in ("", usual.boundary_arn):
        return usual
    return Place(number, usual.partition, usual.prefix, boundary)


def _text(document: Document) -> str:
    return json.dumps(document, indent=2)


def _command(settings: Settings, account: Account, trusted: str) -> str:
    place = place_of(settings, account.number)
    options = [f"--account {account.number}", f"--trusted {trusted}"]
    options.append(f"--external-id={account.external_id}")  # it may begin with a dash
    if settings.name_prefix != "egret":
        options.append(f"--prefix {settings.name_prefix}")
    if place.boundary:
        options.append(f"--boundary {place.boundary}")
    if settings.service_role_arn:
        options.append("--service-role")
    return " ".join(["egret accounts role", *options, "--apply"])
