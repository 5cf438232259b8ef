"""Live tails: new lines of a log, while its page is open.

They are read by FilterLogEvents every few seconds: StartLiveTail, AWS's own, is billed by the
minute. All who watch the same log with the same filter share one poll. A line may arrive later than
newer ones, so each poll reads the last half minute again; lines are distinguished by their ids.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock

from webapp.aws import Cloud
from webapp.aws.logs import LogLine
from webapp.aws.newest_lines import Place
from webapp.errors import Unavailable
from webapp.models import utc_now
from webapp.services.functions.activity.logs import LogQuery

POLL_S = 3.0
STREAMS_MAX = 20
"""Of one process."""
STREAM_MAX_S = 15 * 60.0
FORGOTTEN_AFTER_S = 60.0
LINES_MAX = 500
OVERLAP = timedelta(seconds=30)
RESUMED_MAX = timedelta(minutes=5)
"""How far back a stream that was interrupted goes on."""
BEGINNING = Place(0)


@dataclass(frozen=True)
class Tailed:
    """A log with a filter; the times of the query do not count."""

    account_id: str | None
    region: str
    name: str
    query: LogQuery

    @property
    def key(self) -> tuple[str | None, ...]:
        query = self.query
        return (self.account_id, self.region, self.name, query.text, query.level, query.request_id)


@dataclass
class _Tail:
    """`begun` is the earliest time that was read, `seen` the places of what the last poll found."""

    begun: datetime
    since: datetime
    polled_at: float
    lines: list[LogLine] = field(default_factory=list)
    seen: set[Place] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def poll(self, cloud: Cloud, tailed: Tailed, now: datetime) -> None:
        """No further back than RESUMED_MAX: a filter that finds nothing searches no longer span."""
        self.since = max(self.since, now - RESUMED_MAX)
        search = tailed.query.search()
        known = self.seen | {line.place for line in self.lines}
        found = cloud.logs.since(tailed.region, tailed.name, self.since, search.pattern)
        new = [line for line in found if line.place not in known]
        kept = [line for line in new if search.keeps is None or search.keeps(line)]
        self.lines = (self.lines + kept)[-LINES_MAX:]
        self.seen = {line.place for line in found}
        newest = max((line.at for line in found), default=self.since)
        self.since = max(self.since, newest - OVERLAP)


@dataclass
class Watcher:
    """What one stream was sent. `after` is the last line that its page has.

    `reached` is where it goes on after an interruption: a late line does not set it back.
    """

    after: Place
    reached: Place = BEGINNING
    sent: set[Place] = field(default_factory=set)

    def news(self, lines: list[LogLine]) -> tuple[list[LogLine], bool]:
        """Those that it has not got yet, oldest first; and whether more came than are kept."""
        places = {line.place for line in lines}
        missed = len(lines) == LINES_MAX and bool(self.sent) and not self.sent & places
        new = [line for line in lines if line.place > self.after and line.place not in self.sent]
        self.sent = places
        return sorted(new, key=lambda line: line.place), missed

    def reach(self, line: LogLine) -> Place:
        """Its page has the line now."""
        self.reached = max(self.reached, line.place)
        return self.reached


class Tails:
    """The tails of one process. `clock` says when to poll, `today` what time the log has."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = utc_now,
    ) -> None:
        self._clock, self._today = clock, today
        self._lock = Lock()
        self._tails: dict[tuple[str | None, ...], _Tail] = {}
        self._streams = BoundedSemaphore(STREAMS_MAX)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """For as long as a stream is open. Raises Unavailable when there are too many."""
        if not self._streams.acquire(blocking=False):
            raise Unavailable(
                f"{STREAMS_MAX} live tails are open, which is the maximum.",
                code="too_many_tails",
                remedy="Close another one, or load the page again to see new lines.",
            )
        try:
            yield
        finally:
            self._streams.release()

    def read(self, cloud: Cloud, tailed: Tailed, since: datetime) -> list[LogLine]:
        """The newest lines, in the order in which they arrived. Asks AWS once every POLL_S.

        Who asks while another one is asking AWS gets what there is, and does not wait.
        A tail goes back to the earliest `since` of all who watch, but no further than RESUMED_MAX.
        Raises AWS's error, and Invalid for a pattern that CloudWatch does not accept.
        """
        today = self._today()
        begun = min(max(since, today - RESUMED_MAX), today)  # others share it
        tail = self._tail(tailed, begun)
        if tail.lock.acquire(blocking=False):
            try:
                is_earlier = begun < tail.begun
                if is_earlier:
                    tail.begun = tail.since = begun
                if is_earlier or self._clock() - tail.polled_at >= POLL_S:
                    tail.polled_at = self._clock()
                    tail.poll(cloud, tailed, today)
            finally:
                tail.lock.release()
        return tail.lines

    def _tail(self, tailed: Tailed, begun: datetime) -> _Tail:
        """Tails that nobody has read for a while are forgotten."""
        key, now = tailed.key, self._clock()
        with self._lock:
            self._tails = {
                known: tail
                for known, tail in self._tails.items()
                if known == key or now - tail.polled_at < FORGOTTEN_AFTER_S
            }
            return self._tails.setdefault(key, _Tail(begun, begun, now - POLL_S))
