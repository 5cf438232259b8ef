"""Requests to an app in this process, on one loop in a thread of its own.

Starlette's TestClient starts a loop for each request, with threads for its routes, and asks it ten
things one after the other: that takes longer than most answers. Here a request is one call into a
loop that goes on, as a server's does. What has to start and end with its background work needs a
TestClient.
"""

import asyncio
from functools import cache
from threading import Thread
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message, Scope

CLIENT = ("testclient", 50000)
"""Who asks, if nobody says."""


class DirectClient(httpx2.Client):
    """It is asked as a TestClient is. An answer is whole before it can be read.

    What the app raises is raised here, unless `raise_server_exceptions` is False and it has
    answered before.
    """

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        *,
        raise_server_exceptions: bool = True,
        follow_redirects: bool = True,
        headers: dict[str, str] | None = None,
        client: tuple[str, int] = CLIENT,
    ) -> None:
        self.app = app
        super().__init__(
            transport=_Transport(app, client, is_raising=raise_server_exceptions),
            base_url=base_url,
            follow_redirects=follow_redirects,
            headers={"user-agent": "testclient"} | (headers or {}),
        )


class _Transport(httpx2.BaseTransport):
    def __init__(self, app: ASGIApp, client: tuple[str, int], *, is_raising: bool) -> None:
        self._app, self._client, self._is_raising = app, client, is_raising

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _Exchange(request.read())
        asked = self._app(_scope(request, self._client), exchange.receive, exchange.send)
        try:
            asyncio.run_coroutine_threadsafe(_awaited(asked), _loop()).result()
        except Exception:
            if self._is_raising or not exchange.start:
                raise
        content = b"" if request.method == "HEAD" else b"".join(exchange.parts)
        start, stream = exchange.start, httpx2.ByteStream(content)
        return httpx2.Response(start["status"], headers=start["headers"], stream=stream)


class _Exchange:
    """What the app receives, and what it has sent."""

    def __init__(self, body: bytes) -> None:
        self.start: Message = {}
        self.parts: list[bytes] = []
        self._received: list[Message] = [{"type": "http.request", "body": body}]
        self._complete = asyncio.Event()

    async def receive(self) -> Message:
        if self._received:
            return self._received.pop()
        await self._complete.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.parts.append(message.get("body", b""))
        if not message.get("more_body"):
            self._complete.set()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="requests of tests", daemon=True).start()
    return loop


async def _awaited(asked: Any) -> None:
    await asked


def _scope(request: httpx2.Request, client: tuple[str, int]) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port or 80),
        "client": client,
        "root_path": "",
    }
