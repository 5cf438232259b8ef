"""The newest lines of a log, in few requests however much it holds."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fast import thorough
from webapp.aws.newest_lines import (
    KEPT,
    LINES_MAX,
    SEARCH_MAX_S,
    Found,
    Place,
    Wanted,
    newest,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REQUEST_S = 0.2
PAGE_LINES = 1000


class FakeLog:
    """As CloudWatch reads a log: from the oldest line on, in pages. Made of ages."""

    def __init__(self, ages_s: list[float], *, empty_pages: int = 0) -> None:
        self.times = sorted(NOW - timedelta(seconds=age) for age in ages_s)
        self.empty_pages, self.requests = empty_pages, 0

    def pages(self, start: datetime, end: datetime | None) -> Iterator[dict[str, Any]]:
        last = bisect_left(self.times, end) if end else len(self.times)
        held = self.times[bisect_left(self.times, start) : last]
        events = [an_event(at) for at in held]
        parts = [events[at : at + PAGE_LINES] for at in range(0, len(events), PAGE_LINES)] or [[]]
        parts = [[]] * self.empty_pages + parts
        for number, part in enumerate(parts, 1):
            self.requests += 1
            yield {"events": part} | ({"nextToken": "more"} if number < len(parts) else {})

    def clock(self) -> float:
        return self.requests * REQUEST_S


def an_event(at: datetime, number: int = 0) -> dict[str, Any]:
    return {"timestamp": int(at.timestamp() * 1000), "eventId": f"{number}", "at": at}


def times(found: Found) -> list[datetime]:
    return [event["at"] for event in found.events]


def every(step_s: float, *, since_s: float, until_s: float = 0) -> list[float]:
    return [until_s + step_s * n for n in range(int((since_s - until_s) / step_s))]


HOUR = 3600.0
DAY = 24 * HOUR


@thorough("thousands of lines")
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
    found = newest(log.pages, NOW, clock=log.clock)
    assert times(found) == log.times[-LINES_MAX:]
    assert found.complete
    assert bool(found.older) == (len(log.times) > LINES_MAX)
    assert log.requests <= 25


def test_what_is_older_than_a_log_is_kept_is_not_looked_for() -> None:
    log = FakeLog([KEPT.total_seconds() + 1])
    assert newest(log.pages, NOW, clock=log.clock) == Found([])


def test_a_search_that_takes_too_long_ends_and_says_so() -> None:
    log = FakeLog([1.0, 2.0, DAY], empty_pages=20)
    found = newest(log.pages, NOW, clock=log.clock)
    assert times(found) == log.times[-2:]
    assert not found.complete
    assert log.requests * REQUEST_S <= SEARCH_MAX_S + REQUEST_S


def test_a_span_that_is_never_read_to_its_end_gives_what_there_is() -> None:
    log = FakeLog([1.0], empty_pages=1000)
    found = newest(log.pages, NOW, clock=log.clock)
    assert (found.events, found.complete) == ([], False)


def test_what_a_search_had_no_time_for_is_found_by_the_next_one() -> None:
    log = FakeLog([1.0, DAY], empty_pages=10)
    first = newest(log.pages, NOW, clock=log.clock)
    assert (times(first), first.complete) == (log.times[-1:], False)
    found, searches = first, 1
    while not found.complete:
        assert found.older
        found, searches = (
            newest(log.pages, NOW, Wanted(before=found.older), log.clock),
            searches + 1,
        )
        assert searches < 20
        if found.events:
            break
    assert times(found) == log.times[:1]


@thorough("thousands of lines")
@pytest.mark.parametrize("ages", [every(7, since_s=DAY), [5.0] * 30, every(0.0004, since_s=1)])
def test_page_by_page_every_line_is_found_once(ages: list[float]) -> None:
    events = [an_event(at, number + 1000) for number, at in enumerate(FakeLog(ages).times)]

    def pages(start: datetime, end: datetime | None) -> Iterator[dict[str, Any]]:
        yield {"events": [e for e in events if start <= e["at"] and (end is None or e["at"] < end)]}

    found, before = list[Any](), None
    while before or not found:
        page = newest(pages, NOW, Wanted(lines=97, before=before))
        found, before = page.events + found, page.older
    assert [event["eventId"] for event in found] == [event["eventId"] for event in events]


def test_only_what_is_wanted_counts() -> None:
    log = FakeLog(every(1, since_s=HOUR))
    since = NOW - timedelta(minutes=30)
    wanted = Wanted(lines=5, since=since, kept=lambda event: event["at"].minute % 10 == 0)
    found = newest(log.pages, NOW, wanted, log.clock)
    assert len(found.events) == 5
    everything = newest(log.pages, NOW, Wanted(lines=LINES_MAX * 99, since=since), log.clock)
    assert (len(everything.events), everything.older) == (1801, None)


def test_a_place_is_a_text_of_its_time_and_event() -> None:
    assert str(Place(1_000, "36")) == "1000.36"
    assert Place.read("1000.36") == Place(1_000, "36")
    assert [Place.read(text) for text in ("", "1", "x.1", "1.\0", f"{10**15}.1")] == [None] * 5
    assert Place(1_000, "36") < Place(1_000, "37") < Place(1_001)
