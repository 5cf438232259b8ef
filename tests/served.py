"""A server in the test's own loop, whose clock is the test's, and clients of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from tests import loops
from webapp.edge.connection_limits import Limits
from webapp.edge.connections import Connections
from webapp.edge.server import server_of
from webapp.settings import Settings

LIMITS = Limits()
LIMIT_S = 10.0
NEXT_S = 0.01
CLOSING = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
KEPT = CLOSING.replace(b"close", b"keep-alive")
POST = b"POST / HTTP/1.1\r\nhost: a\r\n"
LARGE = 64 * 1024
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Served:
    """A server in this loop: an application that reads bodies, sends what is large, and waits."""

    limits: Limits = LIMITS
    proxies: str = ""
    now: float = 0
    seen: list[str] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    server: Any = None
    opened: list[Client] = field(default_factory=list)
    is_left: bool = False
    """Whether the clients stay when the server ends."""
    graceful_s: int | None = None
    """For requests that are being answered, if it is not the usual time."""

    def __post_init__(self) -> None:
        networks = [ip_network(self.proxies)] if self.proxies else []
        self.connections = Connections(self.limits, networks, clock=lambda: self.now)

    async def later(self, seconds: float) -> None:
        """So much time passes, and the server looks after its connections before and after it."""
        await self.connections.sweep()
        self.now += seconds
        await self.connections.sweep()

    async def connected(self, sent: bytes = b"", source: str = "127.0.0.1") -> Client:
        before = set(self.connections.admitted)
        client = await self.client(sent, source)
        await until(lambda: bool(self.connections.admitted.keys() - before))
        return client

    async def client(self, sent: bytes, source: str = "127.0.0.1") -> Client:
        client = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        client[1].write(sent)
        self.opened.append(client)
        return client

    async def answer(self, sent: bytes = CLOSING, source: str = "127.0.0.1") -> str:
        return await rest(await self.client(sent, source))

    def application(self) -> FastAPI:
        app = FastAPI()

        @app.get("/")
        async def hello() -> str:
            return "hello"

        @app.get("/long")
        async def long() -> str:
            self.seen.append("began")
            await self.go_on.wait()
            return "at last"

        @app.get("/large")
        async def large() -> StreamingResponse:
            async def parts() -> AsyncIterator[bytes]:
                while True:
                    yield b"x" * LARGE
                    await asyncio.sleep(0)  # or nothing else would run

            return StreamingResponse(parts())

        @app.post("/")
        async def read(request: Request) -> int:
            self.seen.append("began")
            try:
                return len(await request.body())
            except ClientDisconnect:
                self.seen.append("gave up")
                raise

        @app.post("/unread")
        async def unread() -> str:
            return "no need"

        return app


@asynccontextmanager
async def serving(served: Served) -> AsyncIterator[Served]:
    server = server_of(served.application(), Settings(), served.connections)
    server.config.port, served.server = 0, server
    if served.graceful_s is not None:
        server.config.timeout_graceful_shutdown = served.graceful_s
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    served.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        if served.is_left:
            server.should_exit = True
            await running
        served.go_on.set()
        for _, writer in served.opened:
            writer.transport.abort()
        if not server.should_exit:  # to end in order takes uvicorn longer than most tests
            running.cancel()
            for each in server.servers:
                each.close()
            for connection in server.server_state.connections:
                connection.transport.abort()
            await until(lambda: not server.server_state.connections)
            await server.lifespan.shutdown()
        async with asyncio.timeout(LIMIT_S):
            with suppress(asyncio.CancelledError):
                await running


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(NEXT_S)


async def rest(client: Client) -> str:
    """All that the server sends until it ends the connection."""
    reader, writer = client
    received = b""
    async with asyncio.timeout(LIMIT_S):
        try:
            while part := await reader.read(LARGE):
                received += part
        except ConnectionResetError:
            received += b" (reset)"
    writer.close()
    return received.decode()


def run(scenario: Callable[[Any], Awaitable[None]], served: Served | None = None) -> None:
    async def whole() -> None:
        async with serving(served or Served()) as running:
            async with asyncio.timeout(LIMIT_S):
                await scenario(running)

    loops.run(whole())


async def rest_of_one(client: Client) -> str:
    async with asyncio.timeout(LIMIT_S):
        head = await client[0].readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return (await client[0].readexactly(size)).decode()
