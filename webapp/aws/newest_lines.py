"""The newest lines of a log that can only be read from its oldest line on.

Time spans are read from now backwards. One that holds more than is wanted is left for a shorter one
as soon as that is known; after one that holds less, a longer one is read before it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

LINES_MAX = 200
SEARCH_MAX_S = 10.0
KEPT = timedelta(days=30)
"""How long a log is kept."""
FIRST_SPAN = timedelta(minutes=2)
SHORTEST_SPAN = timedelta(seconds=1)
FACTOR = 8

Pages = Callable[[datetime, datetime | None], Iterator[Mapping[str, Any]]]
"""The pages of a span with `events`, oldest first, and `nextToken` in all but the last.

A span without an end has the newest lines also if AWS's clock is ahead of ours. A page may be empty
although others follow: that says only that CloudWatch is still searching.
"""


def newest(
    pages: Pages, now: datetime, clock: Callable[[], float] = time.monotonic
) -> tuple[list[Any], bool]:
    """The newest events, oldest first; and whether there was time to look for all of them."""
    found: list[Any] = []
    end, span, until = now, FIRST_SPAN, clock() + SEARCH_MAX_S
    while len(found) < LINES_MAX and end > now - KEPT:
        start = max(end - span, now - KEPT)
        events: list[Any] = []
        for page in pages(start, None if end is now else end):
            events += page["events"]
            has_more = "nextToken" in page
            if has_more and clock() >= until:
                return (found or events)[-LINES_MAX:], False
            if has_more and len(events) >= LINES_MAX and span > SHORTEST_SPAN:
                span /= FACTOR
                break
        else:
            found = events + found
            end, span = start, span * FACTOR
            if clock() >= until and len(found) < LINES_MAX and end > now - KEPT:
                return found, False
    return found[-LINES_MAX:], True
