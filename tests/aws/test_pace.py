"""Where AWS throttles: one call a second to the region, all threads together. Time is virtual."""

from itertools import pairwise

from webapp.aws.pace import SLOW_FOR_S, Pace

THROTTLED = {"Error": {"Code": "RequestLimitExceeded"}}


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced() -> tuple[Pace, Time]:
    time = Time()
    return Pace(time.clock, time.sleep), time


def test_calls_are_as_fast_as_they_come_while_nothing_is_throttled() -> None:
    pace, time = paced()
    for _ in range(50):
        pace.wait()
        pace.note({})
    assert time.now == 100.0


def test_a_minute_of_throttling_sees_one_call_a_second() -> None:
    pace, time = paced()
    pace.note(THROTTLED)
    sent = []
    while time.now < 160:
        pace.wait()
        sent.append(time.now)
        pace.note(THROTTLED)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert min(gaps) >= 1.0
    assert 55 <= len(sent) <= 61


def test_threads_that_wait_together_are_let_through_one_after_the_other() -> None:
    time = Time()
    waits: list[float] = []
    pace = Pace(time.clock, waits.append)
    pace.note(THROTTLED)
    for _ in range(3):
        pace.wait()
    assert waits == [1.0, 2.0, 3.0]


def test_the_pace_is_free_again_some_time_after_the_last_throttled_answer() -> None:
    pace, time = paced()
    pace.note(THROTTLED)
    time.now += SLOW_FOR_S
    before = time.now
    pace.wait()
    assert time.now == before
