"""The newest lines of a log that can only be read from its oldest line on.

Time spans are read from now, or from where an earlier search ended, backwards. One that holds more
than is wanted is left for a shorter one as soon as that is known; after one that holds less, a
longer one is read before it.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

LINES_MAX = 200
SEARCH_MAX_S = 10.0
KEPT = timedelta(days=30)
"""How long a log is kept."""
FIRST_SPAN = timedelta(minutes=2)
SHORTEST_SPAN = timedelta(seconds=1)
FACTOR = 8
MILLISECOND = timedelta(milliseconds=1)
PLACE = re.compile(r"([0-9]{1,13})\.([\w-]{0,80})", re.ASCII)

Event = Mapping[str, Any]
Pages = Callable[[datetime, datetime | None], Iterator[Mapping[str, Any]]]
"""The pages of a span with `events`, oldest first, and `nextToken` in all but the last.

A span without an end has the newest lines also if AWS's clock is ahead of ours. A page may be empty
although others follow: that says only that CloudWatch is still searching.
"""


def everything(_event: Event) -> bool:
    return True


@dataclass(frozen=True, order=True)
class Place:
    """Where a line is in a log: lines of one millisecond are told apart by their event's id.

    As a text, `milliseconds.id`, for the address of the next page.
    """

    at_ms: int
    event_id: str = ""

    def __str__(self) -> str:
        return f"{self.at_ms}.{self.event_id}"

    @classmethod
    def of(cls, event: Event) -> "Place":
        return cls(event["timestamp"], str(event.get("eventId", "")))

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """None for what is no place."""
        found = PLACE.fullmatch(text)
        return cls(int(found[1]), found[2]) if found else None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


@dataclass(frozen=True)
class Wanted:
    """At most `lines`, of `since` or later, before the place `before`; of those `kept` only."""

    lines: int = LINES_MAX
    since: datetime | None = None
    before: Place | None = None
    kept: Callable[[Event], bool] = everything


@dataclass(frozen=True)
class Found:
    """Oldest event first. `older` is where to go on, if there are or may be older ones.

    Not `complete`: the search took too long, so there may be others among them too.
    """

    events: list[Any]
    complete: bool = True
    older: Place | None = None


def newest(
    pages: Pages,
    now: datetime,
    wanted: Wanted = Wanted(),
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """The newest events of those that are wanted."""
    oldest = max(now - KEPT, wanted.since or now - KEPT)
    end = wanted.before.at + MILLISECOND if wanted.before else now
    is_open, span, until = wanted.before is None, FIRST_SPAN, clock() + SEARCH_MAX_S
    # One more than wanted tells that there are older ones.
    enough, found = replace(wanted, lines=wanted.lines + 1), list[Any]()
    while len(found) < enough.lines and end > oldest:
        start = max(end - span, oldest)
        events: list[Any] = []
        for page in pages(start, None if is_open else end):
            events += [event for event in page["events"] if _is_wanted(event, wanted)]
            has_more = "nextToken" in page
            if has_more and clock() >= until:
                return _given(
                    found or sorted(events, key=Place.of), wanted, reached=end, complete=False
                )
            if has_more and len(events) >= enough.lines and span > SHORTEST_SPAN:
                span /= FACTOR
                break
        else:
            found = sorted(events, key=Place.of) + found
            end, span, is_open = start, span * FACTOR, False
            if clock() >= until and len(found) < enough.lines and end > oldest:
                return _given(found, wanted, reached=end, complete=False)
    return _given(found, wanted, reached=end, complete=True)


def _is_wanted(event: Event, wanted: Wanted) -> bool:
    is_before = wanted.before is None or Place.of(event) < wanted.before
    return is_before and wanted.kept(event)


def _given(events: list[Any], wanted: Wanted, *, reached: datetime, complete: bool) -> Found:
    shown = events[-wanted.lines :]
    if len(events) > wanted.lines:
        return Found(shown, complete, Place.of(shown[0]))
    older = None if complete else Place(int(reached.timestamp() * 1000))
    return Found(shown, complete, older)
