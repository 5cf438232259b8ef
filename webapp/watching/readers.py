"""Who watches: somebody whose session may end, and a page that is sent what changed.

A page that does not read what it is sent is dropped: nothing is kept for it beyond what its
connection takes. Its browser comes back by itself, and says what it had last (`Last-Event-ID`).
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeGuard

from webapp.models import Role
from webapp.watching.marks import Key


class Watcher:
    """Somebody who watches what is shown on that page.

    `ended` is done when the session is over or the thing deleted, or when there is nothing more to
    watch. It belongs to the loop in which it was made.
    """

    __slots__ = ("ended", "key", "loop", "session_id")

    def __init__(self, session_id: str, key: Key) -> None:
        self.session_id, self.key = session_id, key
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self.loop.create_future()

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class Reader(Watcher):
    """One page that is open: its browser has all events to the one with the id `after`, and
    `sent`, what it shows beside them.

    `write` sends at once, or says that it cannot, because the browser does not read.
    """

    __slots__ = ("after", "role", "sent", "write")

    def __init__(self, session_id: str, key: Key, role: Role) -> None:
        super().__init__(session_id, key)
        self.role, self.after = role, 0
        self.sent: Any = None
        self.write: Callable[[bytes], bool] = lambda _: False

    def push(self, chunk: bytes, *, is_last: bool = False) -> None:
        """Send it, or end."""
        if not self.ended.done() and (not self.write(chunk) or is_last):
            self.end()


def is_reader(watcher: Watcher) -> TypeGuard[Reader]:
    return isinstance(watcher, Reader)
