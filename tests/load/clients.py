"""Clients that are slow, silent or too many. Raw sockets to 127.0.0.1, bounded in count and time.

Each function is one client, which goes on until it is cancelled or the server has enough of it. It
counts in `seen` what became of it.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import random
from typing import Any

HOST = "127.0.0.1"
DRIP_S = 1.0
PIPELINED = 1000
BUSY = "503"
ESTABLISHED = 1
SMALL_BUFFER_BYTES = 4096
CLIENTS_MAX = 600
"""Of one attack."""
FORM = "application/x-www-form-urlencoded"


@dataclass
class Target:
    """A dashboard, and what a client of it sends; `seen` counts what became of the clients."""

    port: int
    cookie: str = ""
    token: str = ""
    source: str = HOST
    seen: "Counter[str]" = field(default_factory=Counter)

    def head(self, method: str, path: str, **headers: str) -> bytes:
        sent = {"Host": f"{HOST}:{self.port}", **headers}
        sent |= {"Cookie": self.cookie} if self.cookie else {}
        sent |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in sent.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()

    @asynccontextmanager
    async def connection(
        self, buffer_bytes: int = 0
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        opened = socket.socket()
        opened.setblocking(False)
        if buffer_bytes:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        opened.bind((self.source, 0))
        try:
            await asyncio.get_running_loop().sock_connect(opened, (HOST, self.port))
        except BaseException:
            opened.close()
            raise
        reader, writer = await asyncio.open_connection(sock=opened, limit=SMALL_BUFFER_BYTES)
        self.seen["connected"] += 1
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def ended(self, reader: asyncio.StreamReader) -> str:
        """Wait until the server ends the connection; the status that it answered, or `dropped`."""
        first = await reader.read(SMALL_BUFFER_BYTES)
        status = first[9:12].decode("ascii", "replace") or "dropped"
        self.seen[status] += 1
        while await reader.read(SMALL_BUFFER_BYTES):
            pass
        return status


Client = Callable[[Target], Coroutine[Any, Any, None]]


async def silent(target: Target) -> None:
    """Connects, and sends nothing."""
    async with target.connection() as (reader, _):
        await target.ended(reader)


async def slow_head(target: Target) -> None:
    """One byte of a header a second."""
    async with target.connection() as (reader, writer):
        writer.write(target.head("GET", "/sign-in")[:-2] + b"x-slow: ")
        await _drip(target, reader, writer, b"x")


async def slow_form(target: Target) -> None:
    await _slow_body(target, "/networks", {"Content_Type": FORM, "Content_Length": "5000"})


async def slow_chunked_form(target: Target) -> None:
    await _slow_body(target, "/networks", {"Content_Type": FORM, "Transfer_Encoding": "chunked"})


async def slow_json(target: Target) -> None:
    headers = {"Content_Type": "application/json", "Content_Length": "5000"}
    await _slow_body(target, "/api/v1/networks", headers)


async def slow_chunked_json(target: Target) -> None:
    headers = {"Content_Type": "application/json", "Transfer_Encoding": "chunked"}
    await _slow_body(target, "/api/v1/networks", headers)


async def slow_reader(target: Target) -> None:
    """Asks for something large again and again, and reads none of it."""
    async with target.connection(SMALL_BUFFER_BYTES) as (_, writer):
        writer.write(target.head("GET", "/api/v1/openapi.json") * 10)
        while _is_open(writer):
            await asyncio.sleep(DRIP_S)
        target.seen["dropped"] += 1


def _is_open(writer: asyncio.StreamWriter) -> bool:
    """As the kernel sees it: the first byte of its `tcp_info` is the state."""
    opened: socket.socket = writer.get_extra_info("socket")
    return opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


async def pipelining(target: Target) -> None:
    """A thousand requests at once on one connection."""
    async with target.connection() as (reader, writer):
        writer.write(target.head("GET", "/networks") * PIPELINED)
        await target.ended(reader)


async def stream(target: Target) -> None:
    """Follows the page of a network."""
    async with target.connection() as (reader, writer):
        writer.write(target.head("GET", "/networks/load/stream"))
        await target.ended(reader)


async def sign_in(target: Target) -> None:
    """Tries a password; again and again, but for a second after it was told to come again."""
    body = b"name=nobody&password=not+the+one+that+it+is"
    while True:
        async with target.connection() as (reader, writer):
            size = str(len(body))
            head = target.head(
                "POST", "/sign-in", Content_Type=FORM, Content_Length=size, Connection="close"
            )
            writer.write(head + body)
            refused = await target.ended(reader) == BUSY
        await asyncio.sleep(DRIP_S * (0.5 + random()) if refused else 0)


async def page(target: Target) -> None:
    """A page on a connection of its own; likewise."""
    while True:
        async with target.connection() as (reader, writer):
            writer.write(target.head("GET", "/networks", Connection="close"))
            refused = await target.ended(reader) == BUSY
        await asyncio.sleep(DRIP_S * (0.5 + random()) if refused else 0)


async def _slow_body(target: Target, path: str, headers: dict[str, str]) -> None:
    async with target.connection() as (reader, writer):
        writer.write(target.head("POST", path, **headers))
        is_chunked = "Transfer_Encoding" in headers
        await _drip(target, reader, writer, b"1\r\n \r\n" if is_chunked else b" ")


async def _drip(
    target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drop: bytes
) -> None:
    ended = asyncio.ensure_future(target.ended(reader))
    try:
        while not ended.done():
            writer.write(drop)
            await asyncio.wait({ended}, timeout=DRIP_S)
        ended.result()
    finally:
        ended.cancel()


@asynccontextmanager
async def attacked(target: Target, client: Client, number: int) -> AsyncIterator[None]:
    """While so many clients of that kind are at work."""

    async def work() -> None:
        try:
            await client(target)
        except ConnectionError:
            target.seen["reset"] += 1

    at_work = [asyncio.create_task(work()) for _ in range(min(number, CLIENTS_MAX))]
    try:
        yield
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)
