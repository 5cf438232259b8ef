"""The HTTP server: uvicorn, with the headers and limits that it does not have by itself.

What it answers without the application (a request that is no HTTP, a head that never ends) carries
the security headers too: see `webapp.edge.connections`. WebSockets are off: nothing here uses them.
"""

import asyncio
import logging
import os
import resource
import socket
import time
from contextlib import suppress
from threading import Timer

import uvicorn
from fastapi import FastAPI

from webapp import logs
from webapp.edge.connections import Connections
from webapp.edge.handing_over import protocol_of
from webapp.settings import Settings

TICK_S = 1
"""Connections are swept, and the answers' date is set, so often."""
FILES_MAX = 4096
"""Of one process: connections, those that are refused, and what else it has open."""
GRACEFUL_SHUTDOWN_S = 3
"""For requests that are being answered."""
LOOK_S = 0.05
END_S = 4.8
"""Of the process, from when it is told to end, whatever its threads are doing."""

log = logging.getLogger("egret")


class Server(uvicorn.Server):
    """Ends in order, within `leave_s` and GRACEFUL_SHUTDOWN_S, so that a proxy loses no request.

    First it refuses connections: a proxy then goes to another server with any request, because
    this one was not sent. What comes by a connection that is open is answered, as the last one of
    it. Only when clients have left, or `leave_s` is over, what is idle is closed: a request that
    crosses the close would be lost.
    """

    tick_s: float = TICK_S

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        self._connections, self._is_told = connections, asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        """uvicorn sets it when a signal comes, which may be in the middle of anything."""
        return self._should_exit

    @should_exit.setter
    def should_exit(self, should_exit: bool) -> None:
        self._should_exit = should_exit
        if should_exit and self._loop:
            self._loop.call_soon_threadsafe(self._is_told.set)

    async def main_loop(self) -> None:
        """uvicorn's looks ten times a second whether it should exit: half of what an idle process
        does. This one is woken."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            await self._connections.sweep()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.tick_s):
                    await self._is_told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections.begin_to_end()
        await self._close_door()
        until = time.monotonic() + self._connections.limits.leave_s
        while self._connections.admitted and time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(LOOK_S)
        await super().shutdown(sockets)

    async def _close_door(self) -> None:
        """Refuse connections; who was connected before is accepted (the kernel would drop them)."""
        loop, doors = asyncio.get_running_loop(), []
        for each in (each for server in self.servers for each in server.sockets):
            loop.remove_reader(each.fileno())
            doors.append(socket.socket(fileno=os.dup(each.fileno())))
        for _ in range(2):  # whom asyncio has accepted, it makes a connection for
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        accepted: list[socket.socket] = []
        for door in doors:
            with door, suppress(OSError):  # nobody is left
                while True:
                    accepted.append(door.accept()[0])
        for each in accepted:
            each.setblocking(False)
            await loop.connect_accepted_socket(self._protocol, each)

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes it for those that it accepts."""
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


def server_of(app: FastAPI, settings: Settings, connections: Connections | None = None) -> Server:
    """Serves `app`. Only `webapp.edge.proxies` believes what proxies say, so uvicorn does not.

    `connections` is the seam for tests.
    """
    connections = connections or Connections(proxies=settings.proxy_networks)
    connections.https = settings.https
    if isinstance(app, FastAPI):  # and no test's
        app.state.connections = connections
        connections.front = connections.front or getattr(app.state, "front", None)
    config = uvicorn.Config(
        app,
        access_log=False,
        http=protocol_of(connections),
        log_config=None,
        loop="asyncio",  # uvloop accepts one connection a turn: those behind a flood wait seconds
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=connections.limits.idle_s,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        ws="none",
    )
    return Server(config, connections)


def end_in_time(seconds: float = END_S) -> None:
    """End the process by then. A thread cannot be ended, and its call to AWS may take a minute.

    What is cut is taken over when its lease expires, as after a kill.
    """
    timer = Timer(seconds, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> None:
    log.warning("it ends now; what it has not finished, the next start or another replica will")
    if stream := logs.stream():
        stream.flush()
    os._exit(0)


def allow_open_files() -> None:
    """Let this process have FILES_MAX, if its hard limit does: many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(FILES_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
