"""Starts the embedded AWS: `python -m webapp.sandbox.embedded_aws`, set by its environment."""

import asyncio
import importlib.metadata
import os
import signal
import sys
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from webapp.sandbox.embedded_aws.options import Options
from webapp.sandbox.parent import end_with_parent

MINISTACK_VERSION = "1.5.33"


def main() -> None:
    found = importlib.metadata.version("ministack")
    if found != MINISTACK_VERSION:
        needed = f"The embedded AWS needs ministack {MINISTACK_VERSION}, not {found}"
        sys.exit(f"{needed}: install requirements.lock")
    options = Options.from_environment()
    os.environ["PERSIST_STATE"] = "1"
    os.environ["STATE_DIR"] = str(options.state_dir / "blobs")
    asyncio.run(_serve(options))


async def _serve(options: Options) -> None:
    from ministack import app

    from webapp.sandbox.embedded_aws import (
        addresses,
        change_sets,
        checks,
        drift,
        interfaces,
        nat_gateways,
        network_acls,
        quotas,
        resources,
        runtime,
    )
    from webapp.sandbox.embedded_aws.operations import Operations
    from webapp.sandbox.embedded_aws.state import State
    from webapp.sandbox.embedded_aws.switches import PATH, Switches

    switches = Switches()
    operations = Operations(options.pace_of, switches)
    state = State(options.state_dir, operations)
    nat_delay_s = options.pace_of("AWS::EC2::NatGateway")
    addresses.install(options.address_quota)
    interfaces.install()
    nat_gateways.install(nat_delay_s, options.network_quota)
    network_acls.install()
    checks.install(options.network_quota)
    quotas.install(options.address_quota, options.network_quota)
    resources.install(options.address_quota, options.network_quota)
    drift.install()
    runtime.install(options.nat_proxy)
    change_sets.install()
    operations.install()
    state.install()

    async def embedded(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == PATH:
            await switches.serve(scope, receive, send)
            return

        async def send_and_resume(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                operations.resume()

        await app.app(scope, receive, send_and_resume)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    end_with_parent()
    saving = asyncio.create_task(state.save_periodically())
    config = Config()
    config.bind = [f"127.0.0.1:{options.port}"]
    config.loglevel = "WARNING"
    await serve(embedded, config, shutdown_trigger=stop.wait)
    saving.cancel()


main()
