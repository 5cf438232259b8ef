"""`egret policy`: prints the IAM policies that Egret needs, or makes them in an account."""

import json
from typing import Annotated

import typer

from webapp.aws.apply_policies import apply as apply_policies
from webapp.aws.apply_policies import attached_to_dashboard, place_of
from webapp.aws.clients import Clients
from webapp.aws.policy import ANY_ACCOUNT, Document, Place, all_of, trust
from webapp.errors import Invalid
from webapp.settings import read as read_settings


def print_policy(  # noqa: PLR0917 - typer passes them by name
    name: Annotated[str, typer.Argument(help="Only this one, as IAM takes it.")] = "",
    account: Annotated[str, typer.Option(help="Number of the AWS account.")] = ANY_ACCOUNT,
    partition: Annotated[str, typer.Option(help="aws, aws-cn, aws-us-gov …")] = "aws",
    prefix: Annotated[str, typer.Option(help="The same as EGRET_NAME_PREFIX.")] = "egret",
    boundary: Annotated[str, typer.Option(help="ARN of a boundary of your own.")] = "",
    service_role: Annotated[
        bool, typer.Option("--service-role", help="CloudFormation acts with a role of its own.")
    ] = False,
    trusted: Annotated[
        str, typer.Option(help="For another account: the ARN of whom the dashboard runs as.")
    ] = "",
    external_id: Annotated[
        str, typer.Option(help="For another account: what the page Accounts shows.")
    ] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Make them in the account, as its administrator.")
    ] = False,
) -> None:
    """Print the IAM policies that Egret needs on AWS: docs/operations.md says who gets which."""
    place, trusting = Place(account, partition, prefix, boundary), _trusting(trusted, external_id)
    if apply:
        if name:
            raise Invalid(f"--apply makes all policies that Egret needs, not {name!r} alone.")
        _apply(place, service_role=service_role, trusting=trusting)
        return
    documents = all_of(place, service_role=service_role, elsewhere=trusting is not None)
    documents |= {"trust": trusting} if trusting else {}
    if name and name not in documents:
        raise Invalid(f"There is no policy {name!r}. Choose one of: {', '.join(documents)}.")
    typer.echo(json.dumps(documents[name] if name else documents, indent=2))


def _trusting(trusted: str, external_id: str) -> Document | None:
    """Of the role in another account than the dashboard's; None for the dashboard's own."""
    if bool(trusted) != bool(external_id):
        raise Invalid("The role of another account needs both --trusted and --external-id.")
    return trust(trusted, external_id) if trusted else None


def _apply(wanted: Place, *, service_role: bool, trusting: Document | None) -> None:
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
