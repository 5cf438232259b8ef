"""The `egret` command.

`demo` starts the sandbox, and then `serve` as a child process with the sandbox's environment. The
dashboard cannot tell the difference from AWS.
"""

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from webapp import logs
from webapp.commands.access import tokens, users
from webapp.commands.audit import audit
from webapp.commands.backup import print_backup, print_restoration
from webapp.commands.base import database_session
from webapp.commands.extras import need_sandbox
from webapp.commands.policies import accounts, print_policy
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
app.add_typer(accounts, name="accounts")
app.add_typer(sandbox, name="sandbox")
app.add_typer(audit, name="audit")


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
        dashboard=settings.host_name,
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
    from webapp.edge.server import allow_open_files, end_in_time, server_of
    from webapp.main import create_app, metrics_of
    from webapp.telemetry.exporting import traces_sent

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
    with traces_sent():
        dashboard = create_app(settings)
        gc.freeze()
        gc.enable()
        allow_open_files()
        signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again when all is answered
        with metrics_of(dashboard.state.parts):
            server = server_of(dashboard, settings)
            dashboard.state.connections.when_ending.append(end_in_time)
            server.run([listening])


@app.command(name="migrate")
def migrate_command() -> None:
    """Bring the database's schema up to date."""
    bring_up_to_date(read_settings())
    print("The schema is up to date.")


app.command("policy")(print_policy)
app.command("backup")(print_backup)
app.command("restore")(print_restoration)


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
    url = settings.url
    with database_session(settings) as session:
        if access.needs_setup(session):
            url += f"/setup?token={access.new_setup_token(session)}"
    text = f"Egret is at {url} (open it in a browser)"
    logs.say(text, settings.log_format, lambda line: print(line, flush=True))


def _end(*_: object) -> None:
    """To be told to end is no failure."""
    sys.exit(0)


def _wait_briefly(process: "subprocess.Popen[bytes]") -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(CHECK_INTERVAL_S)
