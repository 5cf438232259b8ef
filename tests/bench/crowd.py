"""Many browsers that look at one live page, each a connection that stays open."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.bench.wrk import Target

AT_ONCE = 25
"""Connections that are being opened at a time."""
OPEN_LIMIT_S = 30
SEEN_LIMIT_S = 20
KEPT_BYTES = 8192
LOOK_EVERY_S = 0.01
LIVE, FULL = b"event: status", b"event: full"


@dataclass
class Crowd:
    """`opened`: the watchers; what they look out for, and when each of them saw it."""

    opened: list["Watcher"] = field(default_factory=list)
    wanted: bytes = b""
    seen_at: list[float] = field(default_factory=list)

    @property
    def states(self) -> Counter[str]:
        return Counter(watcher.state for watcher in self.opened)

    async def see(self, wanted: bytes) -> None:
        """Before what is `wanted` is written."""
        self.wanted, self.seen_at = wanted, []
        for watcher in self.opened:
            watcher.kept = b""

    async def last_seen_after_s(self, written_at: float) -> float | None:
        """None if not all who are live have seen it in time."""
        until = time.monotonic() + SEEN_LIMIT_S
        while len(self.seen_at) < self.states["live"]:
            if time.monotonic() > until:
                return None
            await asyncio.sleep(LOOK_EVERY_S)
        return max(self.seen_at) - written_at


class Watcher(asyncio.Protocol):
    def __init__(self, crowd: Crowd, request: bytes) -> None:
        self.state = "silent"
        self.kept = b""
        self._crowd, self._request = crowd, request
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Marks may be cut in two."""
        self.kept = (self.kept + data)[-KEPT_BYTES:]
        wanted = self._crowd.wanted
        if wanted and wanted in self.kept:
            self._crowd.seen_at.append(time.monotonic())
            self.kept = b""
        elif self.state == "silent":
            self._begin()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.state = "closed" if self.state == "live" else self.state

    def _begin(self) -> None:
        if self.kept.startswith(b"HTTP/1.1") and not self.kept.startswith(b"HTTP/1.1 200"):
            self.state = self.kept[9:12].decode()
        elif FULL in self.kept:
            self.state = "full"
        elif LIVE in self.kept:
            self.state = "live"


@asynccontextmanager
async def watching(targets: Sequence[Target]) -> AsyncIterator[Crowd]:
    """A watcher of each target, once all of them were answered or time is over."""
    crowd, gate = Crowd(), asyncio.Semaphore(AT_ONCE)

    async def enter(target: Target) -> None:
        async with gate:
            watcher = Watcher(crowd, _request(target))
            crowd.opened.append(watcher)
            there = urlsplit(target.url)
            loop = asyncio.get_running_loop()
            host, port = str(there.hostname), int(there.port or 80)
            await loop.create_connection(lambda: watcher, host, port)
            until = time.monotonic() + OPEN_LIMIT_S
            while watcher.state == "silent" and time.monotonic() < until:
                await asyncio.sleep(LOOK_EVERY_S)

    await asyncio.gather(*(enter(target) for target in targets), return_exceptions=True)
    try:
        yield crowd
    finally:
        for watcher in crowd.opened:
            if watcher.transport:
                watcher.transport.close()


def _request(target: Target) -> bytes:
    there = urlsplit(target.url)
    headers = {"Host": there.netloc, "Accept": "text/event-stream"} | target.headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {there.path} HTTP/1.1\r\n{lines}\r\n".encode()
