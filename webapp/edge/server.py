"""The HTTP server: uvicorn, with the headers and limits that it does not have by itself.

What it answers without the application (a request that is no HTTP, a head that never ends) carries
the security headers too: see `webapp.edge.connections`. WebSockets are off: nothing here uses them.
"""

import resource

import uvicorn
from fastapi import FastAPI

from webapp.edge.connections import Connections
from webapp.edge.handing_over import protocol_of
from webapp.settings import Settings

SWEEP_EVERY_S = 1
FILES_MAX = 4096
"""Of one process: connections, those that are refused, and what else it has open."""
GRACEFUL_SHUTDOWN_S = 3


def server_of(
    app: FastAPI, settings: Settings, connections: Connections | None = None
) -> uvicorn.Server:
    """Serves `app`. Only `webapp.edge.proxies` believes what proxies say, so uvicorn does not.

    `connections` is the seam for tests.
    """
    connections = connections or Connections(proxies=settings.proxy_networks)
    connections.https = settings.https
    if isinstance(app, FastAPI):  # and no test's
        connections.front = connections.front or getattr(app.state, "front", None)
    config = uvicorn.Config(
        app,
        access_log=False,
        callback_notify=connections.sweep,
        http=protocol_of(connections),
        log_config=None,
        loop="asyncio",  # uvloop accepts one connection a turn: those behind a flood wait seconds
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=connections.limits.idle_s,
        timeout_notify=SWEEP_EVERY_S,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        ws="none",
    )
    return uvicorn.Server(config)


def allow_open_files() -> None:
    """Let this process have FILES_MAX, if its hard limit does: many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(FILES_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
