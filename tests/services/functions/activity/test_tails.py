"""Live tails: each new line once, one poll for all, a bounded number of streams."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.errors import NotReached
from webapp.aws.logs import LogLine
from webapp.aws.newest_lines import Place
from webapp.errors import Unavailable
from webapp.services.functions.activity.logs import LogQuery
from webapp.services.functions.activity.tails import (
    LINES_MAX,
    OVERLAP,
    POLL_S,
    RESUMED_MAX,
    STREAMS_MAX,
    Tailed,
    Tails,
    Watcher,
)

TAILED = Tailed(None, "eu-central-1", "fun", LogQuery())
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def log_of(aws: ScriptedAws, *lines: tuple[int, str]) -> None:
    """What CloudWatch finds from a time on; each with its time in ms from now on."""
    events = [{"timestamp": NOW_MS + at, "message": text, "eventId": text} for at, text in lines]
    aws.answers["FilterLogEvents"] = lambda asked: {
        "events": [event for event in events if event["timestamp"] >= asked["startTime"]]
    }


def texts(lines: list[LogLine]) -> list[str]:
    return [line.message for line in lines]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_all_who_watch_share_one_poll_and_each_line_comes_once(
    aws: ScriptedAws, clock: Clock
) -> None:
    tails, watchers = Tails(clock, lambda: NOW), [Watcher(Place(0)) for _ in range(3)]
    log_of(aws, (0, "a"))
    first = [watcher.news(tails.read(aws.cloud, TAILED, NOW))[0] for watcher in watchers]
    assert [texts(lines) for lines in first] == [["a"]] * 3
    assert len(aws.calls("FilterLogEvents")) == 1
    log_of(aws, (0, "a"), (900, "b"))
    clock.now += POLL_S
    again = [watcher.news(tails.read(aws.cloud, TAILED, NOW))[0] for watcher in watchers]
    assert [texts(lines) for lines in again] == [["b"]] * 3
    assert len(aws.calls("FilterLogEvents")) == 2


def test_nobody_waits_for_the_poll_of_another_one(aws: ScriptedAws, clock: Clock) -> None:
    tails, meanwhile = Tails(clock, lambda: NOW), list[list[LogLine]]()

    def answer(_asked: object) -> dict[str, Any]:
        meanwhile.append(tails.read(aws.cloud, TAILED, NOW))
        return {"events": [{"timestamp": NOW_MS, "message": "a", "eventId": "a"}]}

    aws.answers["FilterLogEvents"] = answer
    assert texts(tails.read(aws.cloud, TAILED, NOW)) == ["a"]
    assert meanwhile == [[]]


def test_a_line_that_arrives_late_is_not_missed(aws: ScriptedAws, clock: Clock) -> None:
    tails, watcher = Tails(clock, lambda: NOW), Watcher(Place(0))
    log_of(aws, (60_000, "new"))
    watcher.news(tails.read(aws.cloud, TAILED, NOW))
    log_of(aws, (40_000, "late"), (60_000, "new"))
    clock.now += POLL_S
    assert texts(watcher.news(tails.read(aws.cloud, TAILED, NOW))[0]) == ["late"]
    asked = aws.calls("FilterLogEvents")[-1]["startTime"]
    assert asked == NOW_MS + 60_000 - OVERLAP.total_seconds() * 1000


def test_an_interrupted_stream_goes_on_after_the_last_line_that_it_had(
    aws: ScriptedAws, clock: Clock
) -> None:
    log_of(aws, (1, "a"), (1, "b"), (2, "c"))
    tails, place = Tails(clock, lambda: NOW), Place(NOW_MS + 1, "a")
    assert texts(Watcher(place).news(tails.read(aws.cloud, TAILED, place.at))[0]) == ["b", "c"]
    Tails(clock, lambda: NOW).read(aws.cloud, TAILED, NOW - timedelta(days=3))
    back_ms = NOW_MS - aws.calls("FilterLogEvents")[-1]["startTime"]
    assert back_ms <= RESUMED_MAX.total_seconds() * 1000


def test_a_tail_that_finds_nothing_does_not_search_ever_further_back(
    aws: ScriptedAws, clock: Clock
) -> None:
    today, back_s = NOW, RESUMED_MAX.total_seconds()
    tails = Tails(clock, lambda: today)
    log_of(aws)
    tails.read(aws.cloud, TAILED, NOW)
    today, clock.now = NOW + timedelta(hours=1), POLL_S
    tails.read(aws.cloud, TAILED, NOW)
    assert aws.calls("FilterLogEvents")[-1]["startTime"] == NOW_MS + (3600 - back_s) * 1000


def test_nobody_makes_others_miss_lines_by_a_place_that_is_yet_to_come(
    aws: ScriptedAws, clock: Clock
) -> None:
    tails = Tails(clock, lambda: NOW)
    log_of(aws)
    tails.read(aws.cloud, TAILED, NOW + timedelta(days=99))
    log_of(aws, (1, "a"))
    clock.now += POLL_S
    assert texts(tails.read(aws.cloud, TAILED, NOW)) == ["a"]


def test_who_begins_with_an_older_page_misses_nothing_and_others_get_nothing_twice(
    aws: ScriptedAws, clock: Clock
) -> None:
    tails, early, late = Tails(clock, lambda: NOW), Watcher(Place(0)), Watcher(Place(NOW_MS - 1))
    log_of(aws, (-60_000, "a"), (0, "b"), (1, "c"))
    assert texts(late.news(tails.read(aws.cloud, TAILED, NOW))[0]) == ["b", "c"]
    since = NOW - timedelta(minutes=2)
    for expected in (["a", "b", "c"], []):
        assert texts(early.news(tails.read(aws.cloud, TAILED, since))[0]) == expected
        assert late.news(tails.read(aws.cloud, TAILED, NOW)) == ([], False)
    assert len(aws.calls("FilterLogEvents")) == 2


def test_a_late_line_does_not_set_a_stream_back() -> None:
    watcher = Watcher(Place(0))
    lines = [LogLine(at, "text", f"{at}") for at in (5, 3, 9)]
    assert [watcher.reach(line).at_ms for line in lines] == [5, 5, 9]


def test_only_lines_of_the_level_are_sent(aws: ScriptedAws, clock: Clock) -> None:
    log_of(aws, (1, "[ERROR] x"), (2, "no [ERROR]"))
    tailed = Tailed(None, "eu-central-1", "fun", LogQuery(level="error"))
    assert texts(Tails(clock, lambda: NOW).read(aws.cloud, tailed, NOW)) == ["[ERROR] x"]


def test_more_lines_than_are_kept_are_reported_as_missed(aws: ScriptedAws, clock: Clock) -> None:
    tails, watcher = Tails(clock, lambda: NOW), Watcher(Place(0))
    log_of(aws, (0, "first"))
    lines = tails.read(aws.cloud, TAILED, NOW)
    assert watcher.news(lines) == (lines, False)
    log_of(aws, (0, "first"), *((n, f"{n}") for n in range(1, LINES_MAX + 9)))
    clock.now += POLL_S
    lines, missed = watcher.news(tails.read(aws.cloud, TAILED, NOW))
    assert (len(lines), missed) == (LINES_MAX, True)
    clock.now += POLL_S
    assert watcher.news(tails.read(aws.cloud, TAILED, NOW)) == ([], False)


def test_what_aws_refuses_is_reported_and_tried_again_at_the_next_poll(
    aws: ScriptedAws, clock: Clock
) -> None:
    tails = Tails(clock, lambda: NOW)
    aws.answers["FilterLogEvents"] = refusal("ThrottlingException", "Rate exceeded")
    with pytest.raises(NotReached):
        tails.read(aws.cloud, TAILED, NOW)
    log_of(aws, (0, "a"))
    assert tails.read(aws.cloud, TAILED, NOW) == []
    clock.now += POLL_S
    assert texts(tails.read(aws.cloud, TAILED, NOW)) == ["a"]


def test_the_number_of_streams_is_limited() -> None:
    tails, others = Tails(), ExitStack()
    with tails.stream():
        for _ in range(STREAMS_MAX - 1):
            others.enter_context(tails.stream())
        with pytest.raises(Unavailable, match="live tails are open"), tails.stream():
            pass
    with tails.stream():
        others.close()
