"""The `egret` command.

`demo` starts the sandbox, and then `serve` as a child process with the sandbox's environment. The
dashboard cannot tell the difference from AWS.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from webapp import audit_commands, logs
from webapp.access_commands import tokens, users
from webapp.aws.apply_policies import apply as apply_policies
from webapp.aws.apply_policies import place_of
from webapp.aws.clients import Clients
from webapp.aws.policy import ANY_ACCOUNT, Place, all_of
from webapp.command_base import database_session
from webapp.errors import Invalid
from webapp.extras import need_sandbox
from webapp.services import access
from webapp.settings import Settings
from webapp.starting import bring_up_to_date, check_cloud, listen, read_settings, told, warn

CHECK_INTERVAL_S = 1.0
LOGGING = (["serve"], ["demo"])
"""The commands that run on, so what they print is a log."""

app = typer.Typer(no_args_is_help=True, help="Functions that call partners from fixed addresses.")
sandbox = typer.Typer(no_args_is_help=True, help="The embedded AWS and partner.")
app.add_typer(users, name="users")
app.add_typer(tokens, name="tokens")
app.add_typer(sandbox, name="sandbox")
app.add_typer(audit_commands.app, name="audit")


@app.command()
def demo() -> None:
    """Start the sandbox and the dashboard on it: no AWS account, nothing billed."""
    need_sandbox()
    from webapp.sandbox.launcher import Sandbox
    from webapp.sandbox.tls_partners import TlsPartners

    settings = read_settings()
    with Sandbox.start(
        settings.data_dir / "sandbox",
        pace_s=settings.sandbox_pace_s,
        address_quota=settings.sandbox_address_quota,
        prefix=settings.name_prefix,
        tls_partners=TlsPartners(settings.sandbox_partners, settings.sandbox_ca_file),
    ) as running:
        dashboard = subprocess.Popen(
            [sys.executable, "-m", "webapp", "serve", "--end-with-parent"],
            env=os.environ | running.environment(),
            stdin=subprocess.PIPE,
        )
        try:
            with suppress(KeyboardInterrupt):
                while dashboard.poll() is None:
                    running.check()
                    _wait_briefly(dashboard)
        finally:
            dashboard.terminate()
            dashboard.communicate()
    raise typer.Exit(max(dashboard.returncode, 0))


@app.command()
def serve(
    as_child: Annotated[bool, typer.Option("--end-with-parent", hidden=True)] = False,
) -> None:
    """Start the dashboard; AWS's own environment variables say which AWS it uses."""
    gc.disable()  # until all is imported, as in __main__
    from webapp.main import create_app
    from webapp.server import server_of

    if as_child:
        from webapp.sandbox.parent import end_with_parent

        end_with_parent()

    settings = read_settings()
    logs.configure(settings.log_format)
    check_cloud(settings)
    listening = listen(settings)
    bring_up_to_date(settings)
    warn(settings)
    _print_welcome(settings)
    dashboard = create_app(settings)
    gc.freeze()
    gc.enable()
    server_of(dashboard, settings).run([listening])


@app.command(name="migrate")
def migrate_command() -> None:
    """Bring the database's schema up to date."""
    bring_up_to_date(read_settings())
    print("The schema is up to date.")


@app.command("policy")
def print_policy(  # noqa: PLR0917 - typer passes them by name
    name: Annotated[str, typer.Argument(help="Only this one, as IAM takes it.")] = "",
    account: Annotated[str, typer.Option(help="Number of the AWS account.")] = ANY_ACCOUNT,
    partition: Annotated[str, typer.Option(help="aws, aws-cn, aws-us-gov …")] = "aws",
    prefix: Annotated[str, typer.Option(help="The same as EGRET_NAME_PREFIX.")] = "egret",
    boundary: Annotated[str, typer.Option(help="ARN of a boundary of your own.")] = "",
    service_role: Annotated[
        bool, typer.Option("--service-role", help="CloudFormation acts with a role of its own.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make them in the account, as its administrator.")
    ] = False,
) -> None:
    """Print the IAM policies that Egret needs on AWS: docs/operations.md says who gets which."""
    place = Place(account, partition, prefix, boundary)
    if apply:
        if name:
            raise Invalid(f"--apply makes all policies that Egret needs, not {name!r} alone.")
        _apply_policies(place, service_role=service_role)
        return
    documents = all_of(place, service_role=service_role)
    if name and name not in documents:
        raise Invalid(f"There is no policy {name!r}. Choose one of: {', '.join(documents)}.")
    print(json.dumps(documents[name] if name else documents, indent=2))


def _apply_policies(wanted: Place, *, service_role: bool) -> None:
    clients, region = Clients(), read_settings().home_region
    place = place_of(clients, region, wanted)
    for arn, done in apply_policies(clients, region, place, service_role=service_role):
        print(f"{done}: {arn}")
    attached = ["dashboard"] if service_role else ["dashboard", "cloudformation"]
    policies = " and ".join(place.policy_arn(each) for each in attached)
    print(f"Attach {policies} to the user or role that Egret runs as, and start Egret with:")
    print(f"EGRET_PERMISSIONS_BOUNDARY_ARN={place.boundary_arn}")
    if service_role:
        print(f"EGRET_SERVICE_ROLE_ARN={place.service_role_arn}")
    if place.prefix != "egret":
        print(f"EGRET_NAME_PREFIX={place.prefix}")


@sandbox.command()
def info(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print where the running sandbox is, for the AWS command line and for people."""
    need_sandbox()
    from webapp.sandbox.launcher import read_info

    found = read_info(read_settings().data_dir / "sandbox").as_dict()
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:18} {value}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; errors that a person can fix are one line, without a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    logs_json = os.environ.get("EGRET_LOG_FORMAT") == "json" and given[:1] in LOGGING
    if logs_json:
        logs.configure("json")
    try:
        app(given)
    except Exception as error:
        if not (text := told(error)):
            if logs_json:
                logs.configure("json")  # typer has put a hook for crashes of its own in place
            raise
        logs.say_error(text, "json" if logs_json else "text")
        sys.exit(1)


def _print_welcome(settings: Settings) -> None:
    """Print the address to open; with a one-time token while there is no administrator."""
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    with database_session(settings) as session:
        if access.needs_setup(session):
            url += f"/setup?token={access.new_setup_token(session)}"
    text = f"Egret is at {url} (open it in a browser)"
    logs.say(text, settings.log_format, lambda line: print(line, flush=True))


def _wait_briefly(process: "subprocess.Popen[bytes]") -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(CHECK_INTERVAL_S)
