"""A slower pace where AWS throttles: one call a second to the region, all threads together.

botocore backs off by call; with many stacks that is still many calls, and AWS goes on throttling.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from webapp.aws.errors import THROTTLED

SLOW_CALL_EVERY_S = 1.0
SLOW_FOR_S = 10.0
"""After the last throttled answer."""


class Pace:
    """The pace of one region. `clock` and `sleep` are the seam for virtual time."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._lock = Lock()
        self._slow_until = self._next_at = 0.0

    def follow(self, client: Any) -> None:
        """Make a boto3 client keep this pace, its own retries included."""
        client.meta.events.register("before-send", lambda **_: self.wait())
        client.meta.events.register(
            "response-received",
            lambda parsed_response=None, **_: self.note(parsed_response or {}),
        )

    def wait(self) -> None:
        """Return when the next call may be sent."""
        with self._lock:
            now = self._clock()
            if now >= self._slow_until:
                return
            at = max(self._next_at, now)
            self._next_at = at + SLOW_CALL_EVERY_S
        self._sleep(at - now)

    def note(self, answer: dict[str, Any]) -> None:
        """Take notice of an answer: a throttled one slows the region down."""
        if answer.get("Error", {}).get("Code") in THROTTLED:
            with self._lock:
                now = self._clock()
                self._next_at = max(self._next_at, now + SLOW_CALL_EVERY_S)
                self._slow_until = now + SLOW_FOR_S
