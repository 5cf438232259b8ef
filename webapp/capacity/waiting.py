"""How many requests may wait for a thread: the rest is told at once to come again.

Without a bound, those who wait the longest get an answer when nobody wants it any more. With one,
who is answered is answered soon. No client may fill the queue alone; behind a proxy, clients are
those that it names (`webapp.edge.proxies`). What tells whether the process lives, and signing out,
are never refused.
"""

from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.capacity import threads
from webapp.capacity.coming import note_coming
from webapp.edge.client_addresses import subscriber_of
from webapp.edge.one_name import FOR_PROGRAMS
from webapp.errors import Busy

WAITING_MAX: Final = 100
OF_CLIENT_MAX: Final = 30
"""Requests of one client that are not answered yet. A stream is answered when it begins."""
HOSTS_MAX: Final = 16
NEVER_REFUSED: Final = frozenset({"/healthz", "/readyz", "/sign-out"})


class Queue:
    """Of one process: who waits. `hosts` are those of pages that were let in lately."""

    def __init__(self) -> None:
        self.unanswered: Counter[str] = Counter()
        self.hosts: set[bytes] = set()

    def refusal(self, client: str) -> Busy | None:
        """Why there is no place for a request of that address."""
        is_full = threads.waiting() >= WAITING_MAX
        if not is_full and self.unanswered[subscriber_of(client)] < OF_CLIENT_MAX:
            return None
        return Busy(
            "Too many requests wait for an answer at the moment.",
            remedy="Nothing was done. Try again in a moment.",
        )

    def note_host(self, scope: Scope) -> None:
        if scope["path"].startswith(FOR_PROGRAMS):
            return
        if len(self.hosts) >= HOSTS_MAX:
            self.hosts.clear()
        self.hosts.update(value for name, value in scope["headers"] if name == b"host")


class BoundedQueue:
    """Raises Busy for a request that finds the queue full, or full of its client's."""

    def __init__(self, app: ASGIApp, *, queue: Queue) -> None:
        self._app, self._queue = app, queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in NEVER_REFUSED:
            await self._app(scope, receive, send)
            return
        note_coming()
        address = scope["client"][0] if scope.get("client") else ""
        client, unanswered = subscriber_of(address), self._queue.unanswered
        is_counted = True
        if refusal := self._queue.refusal(address):
            raise refusal
        self._queue.note_host(scope)
        unanswered[client] += 1

        def count_no_longer() -> None:
            nonlocal is_counted
            if is_counted:
                is_counted = False
                unanswered[client] -= 1
                if not unanswered[client]:
                    del unanswered[client]

        async def send_counting(message: Message) -> None:
            count_no_longer()
            await send(message)

        try:
            await self._app(scope, receive, send_counting)
        finally:
            count_no_longer()
