"""The newest lines of a log, in few requests however much it holds."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from webapp.aws.newest_lines import KEPT, LINES_MAX, SEARCH_MAX_S, newest

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REQUEST_S = 0.2
PAGE_LINES = 1000


class FakeLog:
    """As CloudWatch reads a log: from the oldest line on, in pages. Lines are their ages."""

    def __init__(self, ages_s: list[float], *, empty_pages: int = 0) -> None:
        self.times = sorted(NOW - timedelta(seconds=age) for age in ages_s)
        self.empty_pages, self.requests = empty_pages, 0

    def pages(self, start: datetime, end: datetime | None) -> Iterator[dict[str, Any]]:
        last = bisect_left(self.times, end) if end else len(self.times)
        held = self.times[bisect_left(self.times, start) : last]
        parts = [held[at : at + PAGE_LINES] for at in range(0, len(held), PAGE_LINES)] or [[]]
        parts = [[]] * self.empty_pages + parts
        for number, part in enumerate(parts, 1):
            self.requests += 1
            yield {"events": part} | ({"nextToken": "more"} if number < len(parts) else {})

    def clock(self) -> float:
        return self.requests * REQUEST_S


def every(step_s: float, *, since_s: float, until_s: float = 0) -> list[float]:
    return [until_s + step_s * n for n in range(int((since_s - until_s) / step_s))]


HOUR = 3600.0
DAY = 24 * HOUR


@pytest.mark.parametrize(
    "ages",
    [
        [],
        [1.0],
        [-60.0, 1.0],
        every(0.01, since_s=HOUR),
        every(0.02, since_s=HOUR, until_s=1000),
        every(0.5, since_s=3 * DAY, until_s=11 * 60),
        every(1, since_s=6 * HOUR, until_s=5 * HOUR),
        every(5, since_s=20 * DAY, until_s=19 * DAY),
        every(HOUR, since_s=29 * DAY),
        every(0.001, since_s=10.0, until_s=9.5) + every(10, since_s=DAY, until_s=HOUR),
    ],
)
def test_the_newest_lines_are_found_in_few_requests(ages: list[float]) -> None:
    log = FakeLog(ages)
    found, is_complete = newest(log.pages, NOW, log.clock)
    assert found == log.times[-LINES_MAX:]
    assert is_complete
    assert log.requests <= 25


def test_what_is_older_than_a_log_is_kept_is_not_looked_for() -> None:
    log = FakeLog([KEPT.total_seconds() + 1])
    assert newest(log.pages, NOW, log.clock) == ([], True)


def test_a_search_that_takes_too_long_ends_and_says_so() -> None:
    log = FakeLog([1.0, 2.0, DAY], empty_pages=20)
    found, is_complete = newest(log.pages, NOW, log.clock)
    assert found == log.times[-2:]
    assert not is_complete
    assert log.requests * REQUEST_S <= SEARCH_MAX_S + REQUEST_S


def test_a_span_that_is_never_read_to_its_end_gives_what_there_is() -> None:
    log = FakeLog([1.0], empty_pages=1000)
    assert newest(log.pages, NOW, log.clock) == ([], False)
