"""Starts the embedded AWS: `python -m webapp.sandbox.embedded_aws`, set by its environment."""

import asyncio
import gc
import importlib.metadata
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import uvicorn

from webapp.sandbox.doors import FLOWS
from webapp.sandbox.embedded_aws.confinement import Confinement
from webapp.sandbox.embedded_aws.options import Options
from webapp.sandbox.parent import end_with_parent

if TYPE_CHECKING:
    from webapp.sandbox.embedded_aws.state import State

Application = Callable[[Any, Any, Any], Awaitable[None]]

MINISTACK_VERSION = "1.5.33"
GRACE_S = 3
"""For what is being answered when the sandbox ends."""


def main() -> None:
    found = importlib.metadata.version("ministack")
    if found != MINISTACK_VERSION:
        needed = f"The embedded AWS needs ministack {MINISTACK_VERSION}, not {found}"
        sys.exit(f"{needed}: run: pip install -r requirements.lock")
    os.umask(0o077)  # ministack writes files as soon as it is imported
    sys.modules["cryptography"] = None  # type: ignore[assignment]  # else it makes RSA keys at start
    gc.disable()  # until all is imported, as in webapp.__main__
    options = Options.from_environment()
    os.environ["AUTH"] = "true"
    os.environ["PERSIST_STATE"] = "1"
    os.environ["STATE_DIR"] = str(options.state_dir / "blobs")
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again when all is answered
    asyncio.run(_serve(options))


def _end(*_: object) -> None:
    """To be told to end is no failure."""
    sys.exit(0)


async def _serve(options: Options) -> None:
    """By uvicorn: with ministack's own server, hypercorn, a request takes half as long again."""
    embedded, state = _assemble(options)
    gc.freeze()
    gc.enable()
    end_with_parent()
    saving = asyncio.create_task(state.save_periodically())
    config = uvicorn.Config(
        embedded,
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    await uvicorn.Server(config).serve()
    saving.cancel()


def _assemble(options: Options) -> tuple[Application, "State"]:
    """ministack's application with the plug-in, and its state.

    The imports are here because ministack reads its environment variables when it is imported.
    """
    from ministack import app

    from webapp.sandbox.embedded_aws import drift, lambda_logs, metrics
    from webapp.sandbox.embedded_aws.door import Door
    from webapp.sandbox.embedded_aws.iam import arns, authentication, principals, references, users
    from webapp.sandbox.embedded_aws.iam.decisions import PATH as DECISIONS
    from webapp.sandbox.embedded_aws.iam.decisions import Decisions
    from webapp.sandbox.embedded_aws.iam.gate import Gate
    from webapp.sandbox.embedded_aws.iam.limits import Limits
    from webapp.sandbox.embedded_aws.iam.permits import Permits
    from webapp.sandbox.embedded_aws.operations import Operations
    from webapp.sandbox.embedded_aws.public_access import PublicAccess
    from webapp.sandbox.embedded_aws.state import State
    from webapp.sandbox.embedded_aws.switches import PATH, Switches

    authentication.install()
    principals.install()
    arns.install()
    limits = Limits()
    decisions = Decisions(limits)
    switches = Switches(limits)
    permits = Permits(decisions, limits)
    operations = Operations(options.pace_of, switches, permits)
    public_access = PublicAccess()
    state = State(options.state_dir, operations, public_access)
    public_access.install()
    _install_services(options)
    drift.install(permits)
    lambda_logs.install(decisions)
    references.install(permits)
    operations.install()
    state.install()
    own_paths = {PATH: switches.serve, DECISIONS: decisions.serve, FLOWS: metrics.serve}

    async def embedded(scope: Any, receive: Any, send: Any) -> None:
        own = own_paths.get(scope.get("path"))
        if own:
            await own(scope, receive, send)
            return

        async def send_and_resume(message: Any) -> None:
            is_started = message["type"] == "lifespan.startup.complete"
            if is_started:
                users.install(options.users)
            await send(message)
            if is_started:
                operations.resume()

        try:
            await app.app(scope, receive, send_and_resume)
        finally:
            state.note_use()

    gate = Gate(limits, decisions)
    door = Door(embedded, gate, access_key_id=options.access_key_id, secret=options.secret)
    return door, state


def _install_services(options: Options) -> None:
    from webapp.sandbox.embedded_aws import (
        addresses,
        change_sets,
        checks,
        deployments,
        endpoint_access,
        endpoints,
        interfaces,
        ipv6,
        logs,
        metrics,
        nat_gateways,
        network_acls,
        protocols,
        quotas,
        resources,
        role_sessions,
        runtime,
        secrets,
        templates,
        usage_plans,
        versions,
        vpcs,
    )

    addresses.install(options.address_quota)
    deployments.install()
    endpoint_access.install()
    endpoints.install()
    usage_plans.install()
    interfaces.install()
    vpcs.install()
    ipv6.install()  # after the ranges of IPv4, which it passes on
    nat_gateways.install(options.pace_of("AWS::EC2::NatGateway"), options.network_quota)
    network_acls.install()
    logs.install()
    checks.install(options.network_quota)  # after the actions above, because it wraps them all
    quotas.install(options.address_quota, options.network_quota)
    resources.install(options.address_quota, options.network_quota)
    secrets.install()
    templates.install()
    versions.install()
    role_sessions.install()
    runtime.install(options, Confinement(options.state_dir, options.ca_file))
    metrics.install()
    change_sets.install()
    protocols.install()


main()
