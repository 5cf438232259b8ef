"""A slower pace where AWS throttles: one call a second to the region, whoever calls.

botocore backs off by call; with many stacks that is still many calls, and AWS goes on throttling.
So calls take turns. Where the turns are kept decides who shares the pace: here all threads of a
process, in the database all replicas (`webapp.services.turns`).
"""

import time
from collections.abc import Callable
from threading import Event, Lock
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError

from webapp.aws.errors import THROTTLED

SLOW_CALL_EVERY_S = 1.0
SLOW_FOR_S = 10.0
"""After the last throttled answer."""
WAIT_MAX_S = 10.0
"""Who would wait longer for a turn is refused: each wait holds a thread, and a step its lease."""


class TooManyWait(BotoCoreError):
    """Raised inside botocore, so it is one of its errors, and translated as such."""

    fmt = "AWS throttles this region, and as many calls as may wait for their turn do so already"


class Stopping(BotoCoreError):
    fmt = "Egret is being stopped, and does not wait for AWS any more"


class Turns(Protocol):
    """Who may call next in a region that throttles."""

    def take(self, region: str) -> float:
        """Seconds until the turn that was taken; 0 where nothing is throttled.

        Raises TooManyWait when that would be more than `WAIT_MAX_S`; then no turn was taken.
        """

    def slow_down(self, region: str) -> None:
        """AWS has throttled a call: the next one may be sent in `SLOW_CALL_EVERY_S`."""

    def close(self) -> None:
        """Let go of what the turns are kept in."""


class OwnTurns:
    """The turns of one process. `clock` is the seam for virtual time, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._slow_until: dict[str, float] = {}
        self._next_at: dict[str, float] = {}

    def take(self, region: str) -> float:
        with self._lock:
            now = self._clock()
            if now >= self._slow_until.get(region, now):
                return 0.0
            at = max(self._next_at[region], now)
            if at - now > WAIT_MAX_S:
                raise TooManyWait
            self._next_at[region] = at + SLOW_CALL_EVERY_S
            return at - now

    def slow_down(self, region: str) -> None:
        with self._lock:
            now = self._clock()
            at = self._next_at.get(region, now)
            self._next_at[region] = max(at, now + SLOW_CALL_EVERY_S)
            self._slow_until[region] = now + SLOW_FOR_S

    def close(self) -> None:
        """There is nothing to let go of."""


class Pace:
    """Makes clients take turns. `sleep` is the seam for virtual time."""

    def __init__(
        self, turns: Turns | None = None, sleep: Callable[[float], object] | None = None
    ) -> None:
        self._stopping = Event()
        self._turns, self._sleep = turns or OwnTurns(), sleep or self._stopping.wait

    def follow(self, client: Any) -> None:
        """Make a boto3 client keep the pace of its region, its own retries included."""
        region = client.meta.region_name
        client.meta.events.register("before-send", lambda **_: self.wait(region))
        client.meta.events.register(
            "response-received",
            lambda parsed_response=None, **_: self.note(region, parsed_response or {}),
        )

    def wait(self, region: str) -> None:
        """Return when the next call may be sent. Raises TooManyWait, and Stopping once closed."""
        if (seconds := self._turns.take(region)) > 0:
            self._sleep(seconds)
            if self._stopping.is_set():
                raise Stopping

    def note(self, region: str, answer: dict[str, Any]) -> None:
        """Take notice of an answer: a throttled one slows the region down."""
        if answer.get("Error", {}).get("Code") in THROTTLED:
            self._turns.slow_down(region)

    def close(self) -> None:
        """Nobody waits any more: a thread that sleeps would hold up the end of the process."""
        self._stopping.set()
        self._turns.close()
