"""How often AWS is called in a region.

The background calls it so often at most (`Budget`), however much is under way; people do not wait
for that, but with theirs too there are at most PEAK calls in a second. And there is a slower pace
where AWS throttles: one call a second, from all callers together.

botocore backs off within each call. With many stacks that is still many calls at once, and AWS
keeps throttling. So calls take turns. Where the turns are kept decides who shares the pace: all
threads of a process (`LocalTurns`), or all replicas (`webapp.services.engine.turns`).
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError

from webapp.aws.accounts import acting
from webapp.aws.errors import THROTTLED
from webapp.telemetry import spans
from webapp.telemetry.counts import count_aws_call

SLOW_CALL_EVERY_S = 1.0
SLOW_FOR_S = 10.0
"""How long a region stays slow after its last throttled answer."""
CALLS_PER_POLL, BURST = 8, 4.0
"""Of the background to a region, in each interval of EGRET_POLL_S; and as many more at once."""
PEAK = 10
PEAK_S, PEAK_POLLS = 1.25, 0.625
"""No more calls than that begin in so many seconds, or polls if that is less. It is more than the
second that AWS counts, because a call takes a moment until it is on its way."""
SHORTEST_WAIT_S = 0.01
INVOKE = ".lambda.Invoke"
"""How botocore's events of a function's run end."""
WAIT_MAX_S = 10.0
"""A call that would wait longer is refused: each wait holds a thread, and often a lease."""


class TurnQueueFull(BotoCoreError):
    """Raised inside botocore's handlers, so it is a BotoCoreError: callers see a NotReached."""

    fmt = "AWS throttles this region, and too many calls already wait for their turn"


class BudgetSpent(TurnQueueFull):
    fmt = "too many calls to this region already wait for their turn"


class Stopping(BotoCoreError):
    fmt = "Egret is stopping and no longer waits for AWS"


class Turns(Protocol):
    """Decides when the next call to a throttled region may be sent."""

    def take(self, region: str) -> float:
        """Take a turn, and give the seconds until it; 0 when the region is not throttled.

        Raises TurnQueueFull, and takes no turn, when that would be more than `WAIT_MAX_S`.
        """

    def slow_down(self, region: str) -> None:
        """AWS has throttled a call: send the next one in `SLOW_CALL_EVERY_S` at the earliest."""

    def close(self) -> None:
        """Close what the turns are kept in."""


class LocalTurns:
    """The turns of one process. `clock` gives seconds; tests pass a virtual one."""

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
                raise TurnQueueFull
            self._next_at[region] = at + SLOW_CALL_EVERY_S
            return at - now

    def slow_down(self, region: str) -> None:
        with self._lock:
            now = self._clock()
            at = self._next_at.get(region, now)
            self._next_at[region] = max(at, now + SLOW_CALL_EVERY_S)
            self._slow_until[region] = now + SLOW_FOR_S

    def close(self) -> None:
        """Nothing to close."""


_patient: ContextVar[bool] = ContextVar("patient", default=False)


@contextmanager
def patiently() -> Iterator[None]:
    """What this thread asks of AWS in the block can wait: nobody looks at it."""
    token = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(token)


class Budget:
    """The calls of the background of one process to each region: a bucket of BURST tokens, which
    fills by CALLS_PER_POLL in each `poll_s` (EGRET_POLL_S). People take tokens that are not there,
    and leave a debt of one bucket at most; they wait only for the peak to be over.
    """

    def __init__(self, poll_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._clock, self._lock = CALLS_PER_POLL / poll_s, clock, Lock()
        self._peak_s = min(PEAK_S, PEAK_POLLS * poll_s)
        self._tokens: dict[str, tuple[float, float]] = {}
        """How many there were, and when."""
        self._begin: dict[str, deque[float]] = {}
        """When the last calls begin: some of them are still to come."""

    def take(self, region: str) -> float:
        """Take a token and a place in time, and give the seconds until then.

        Raises BudgetSpent, and takes neither, when that would be more than `WAIT_MAX_S`.
        """
        with self._lock:
            now = self._clock()
            at = self._next_at(region, now)
            if at - now > WAIT_MAX_S:
                raise BudgetSpent
            self._use(region, now, at)
            return at - now

    def take_now(self, region: str) -> float:
        """The same if it is for now, and give 0; or the seconds to wait before the next try."""
        with self._lock:
            now = self._clock()
            at = self._next_at(region, now)
            short_s = max((1 - self._left(region, now)) / self._per_s, at - now)
            if short_s > 0:
                return max(short_s, SHORTEST_WAIT_S)
            self._use(region, now, now)
            return 0.0

    def _next_at(self, region: str, now: float) -> float:
        begin = self._begin.setdefault(region, deque(maxlen=PEAK))
        is_full = len(begin) == PEAK
        return max(now, begin[0] + self._peak_s) if is_full else now

    def _left(self, region: str, now: float) -> float:
        had, at = self._tokens.get(region, (BURST, now))
        return min(had + (now - at) * self._per_s, BURST)

    def _use(self, region: str, now: float, at: float) -> None:
        self._tokens[region] = (max(self._left(region, now) - 1, -BURST), now)
        self._begin[region].append(at)


class Pace:
    """Makes boto3 clients take turns, and keep a budget if there is one. Tests pass a virtual
    `sleep`."""

    def __init__(
        self,
        turns: Turns | None = None,
        sleep: Callable[[float], object] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self._stopping = Event()
        self._turns, self._sleep = turns or LocalTurns(), sleep or self._stopping.wait

    def attach(self, client: Any) -> None:
        """Make a client keep the pace of its region, with every request it sends.

        AWS throttles each account by itself, so each has a pace of its own. botocore's own retries
        count too: it emits `before-send` for each of them. A run of a function is no call to the
        control plane: Lambda throttles it by another quota.
        """
        name = client.meta.region_name

        def region() -> str:
            who = acting()
            return f"{name} {who.number}" if who else name

        def wait(event_name: str, **_: object) -> None:
            if not event_name.endswith(INVOKE):
                self.wait_for_turn(region())

        def observe(
            event_name: str, parsed_response: dict[str, Any] | None = None, **_: object
        ) -> None:
            throttled = is_throttled(parsed_response or {})
            count_aws_call(event_name, name, parsed_response, throttled=throttled)
            if not event_name.endswith(INVOKE):
                self.observe(region(), parsed_response or {})

        if spans.active:
            from webapp.aws.traced import attach

            attach(client, spans.active)
        client.meta.events.register("before-send", wait)
        client.meta.events.register("response-received", observe)

    def wait_for_turn(self, region: str) -> None:
        """Return when the next call may be sent. Raises TurnQueueFull, and Stopping once closed."""
        if (seconds := self._turns.take(region)) > 0:
            self._wait(seconds)
        if self._budget and _patient.get():
            self._keep_budget(self._budget, region)
        elif self._budget and (seconds := self._budget.take(region)) > 0:
            self._wait(seconds)

    def _keep_budget(self, budget: Budget, region: str) -> None:
        """Raises BudgetSpent: the calls of people have taken all of it for too long."""
        waited = 0.0
        while (seconds := budget.take_now(region)) > 0:
            waited += seconds
            if waited > WAIT_MAX_S:
                raise BudgetSpent
            self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        self._sleep(seconds)
        if self._stopping.is_set():
            raise Stopping

    def observe(self, region: str, answer: dict[str, Any]) -> None:
        """Slow the region down when the answer says that AWS throttled the call."""
        if is_throttled(answer):
            self._turns.slow_down(region)

    def close(self) -> None:
        """End all waits with Stopping: a sleeping thread would delay the end of the process."""
        self._stopping.set()
        self._turns.close()


def is_throttled(answer: dict[str, Any]) -> bool:
    return answer.get("Error", {}).get("Code") in THROTTLED
