"""`egret policy` and `egret accounts role`: print the IAM policies of Egret, or make them."""

import json
from typing import Annotated

import typer

from webapp.aws.apply_policies import apply as apply_policies
from webapp.aws.apply_policies import attached_to_dashboard, place_of
from webapp.aws.clients import Clients
from webapp.aws.policy import ANY_ACCOUNT, Document, Place, all_of, trust
from webapp.errors import Invalid
from webapp.starting import read_settings

accounts = typer.Typer(no_args_is_help=True, help="Other AWS accounts.")

Account = Annotated[str, typer.Option(help="Number of the AWS account.")]
Prefix = Annotated[str, typer.Option(help="The same as EGRET_NAME_PREFIX.")]
Boundary = Annotated[str, typer.Option(help="ARN of a boundary of your own.")]
ServiceRole = Annotated[
    bool, typer.Option("--service-role", help="CloudFormation acts with a role of its own.")
]
Apply = Annotated[
    bool, typer.Option("--apply", help="Make them in the account, as its administrator.")
]


def print_policy(
    name: Annotated[str, typer.Argument(help="Only this one, as IAM takes it.")] = "",
    account: Account = ANY_ACCOUNT,
    partition: Annotated[str, typer.Option(help="aws, aws-cn, aws-us-gov …")] = "aws",
    prefix: Prefix = "egret",
    boundary: Boundary = "",
    service_role: ServiceRole = False,
    apply: Apply = False,
) -> None:
    """Print the IAM policies that Egret needs on AWS: docs/operations.md says who gets which."""
    place = Place(account, partition, prefix, boundary)
    if apply:
        if name:
            raise Invalid(f"--apply makes all policies that Egret needs, not {name!r} alone.")
        _apply(place, service_role=service_role)
        return
    documents = all_of(place, service_role=service_role)
    if name and name not in documents:
        raise Invalid(f"There is no policy {name!r}. Choose one of: {', '.join(documents)}.")
    typer.echo(json.dumps(documents[name] if name else documents, indent=2))


@accounts.command("role")
def print_account_role(
    trusted: Annotated[str, typer.Option(help="ARN of whom the dashboard runs as.")],
    external_id: Annotated[str, typer.Option(help="As Egret's page Accounts shows it.")],
    account: Account = ANY_ACCOUNT,
    prefix: Prefix = "egret",
    boundary: Boundary = "",
    service_role: ServiceRole = False,
    apply: Apply = False,
) -> None:
    """Print the policies of the role that Egret assumes in another account, or make that role."""
    partition = trusted.split(":")[1] if trusted.startswith("arn:") else ""
    place = Place(account, partition, prefix, boundary)
    trusting = trust(trusted, external_id)
    if apply:
        _apply(place, service_role=service_role, trusting=trusting)
        return
    documents = all_of(place, service_role=service_role, elsewhere=True)
    typer.echo(json.dumps({"trust": trusting} | documents, indent=2))


def _apply(wanted: Place, *, service_role: bool, trusting: Document | None = None) -> None:
    clients, region = Clients(), read_settings().home_region
    place = place_of(clients, region, wanted)
    for arn, done in apply_policies(
        clients, region, place, service_role=service_role, trusting=trusting
    ):
        typer.echo(f"{done}: {arn}")
    if trusting:
        typer.echo(f"Connect the account {place.account} on Egret's page Accounts now.")
        return
    attached = attached_to_dashboard(service_role=service_role)
    policies = " and ".join(place.policy_arn(each) for each in attached)
    typer.echo(f"Attach {policies} to the user or role that Egret runs as, and start Egret with:")
    typer.echo(f"EGRET_PERMISSIONS_BOUNDARY_ARN={place.boundary_arn}")
    if service_role:
        typer.echo(f"EGRET_SERVICE_ROLE_ARN={place.service_role_arn}")
    if place.prefix != "egret":
        typer.echo(f"EGRET_NAME_PREFIX={place.prefix}")
