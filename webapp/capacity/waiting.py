"""How many requests may wait for a thread: the rest is told at once to come again.

Without a bound, those who wait the longest get an answer when nobody wants it any more. With one,
who is answered is answered soon. No client may fill the queue alone; behind a proxy, clients are
those that it names (`webapp.edge.proxies`). What tells whether the process lives, and signing out,
are never refused.
"""

from collections import Counter
from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.edge.client_addresses import subscriber_of
from webapp.errors import Busy

WAITING_MAX: Final = 100
OF_CLIENT_MAX: Final = 30
"""Requests of one client that are not answered yet. A stream is answered when it begins."""
NEVER_REFUSED: Final = frozenset({"/healthz", "/readyz", "/sign-out"})


class BoundedQueue:
    """Raises Busy for a request that finds the queue full, or full of its client's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._unanswered: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in NEVER_REFUSED:
            await self._app(scope, receive, send)
            return
        client = subscriber_of(scope["client"][0]) if scope.get("client") else ""
        is_counted = True
        self._check(client)
        self._unanswered[client] += 1

        def count_no_longer() -> None:
            nonlocal is_counted
            if is_counted:
                is_counted = False
                self._unanswered[client] -= 1
                if not self._unanswered[client]:
                    del self._unanswered[client]

        async def send_counting(message: Message) -> None:
            count_no_longer()
            await send(message)

        try:
            await self._app(scope, receive, send_counting)
        finally:
            count_no_longer()

    def _check(self, client: str) -> None:
        threads = anyio.to_thread.current_default_thread_limiter()
        is_full = threads.statistics().tasks_waiting >= WAITING_MAX
        if is_full or self._unanswered[client] >= OF_CLIENT_MAX:
            raise Busy(
                "Too many requests wait for an answer at the moment.",
                remedy="Nothing was done. Try again in a moment.",
            )
