"""A snapshot: how old it is, and how long the partner's answer holds."""

from datetime import timedelta

from webapp.models import Snapshot, utc_now

NOW = utc_now()


def aged(seconds: float) -> Snapshot:
    return Snapshot(function_id="f", ok=True, ttl_s=60, fetched_at=NOW - timedelta(seconds=seconds))


def test_an_answer_holds_until_its_time_is_over() -> None:
    fresh, last, stale = aged(0), aged(59), aged(60)
    assert [each.left_s(NOW) for each in (fresh, last, stale)] == [60, 1, 0]
    assert [each.stale(NOW) for each in (fresh, last, stale)] == [False, False, True]


def test_an_answer_from_a_clock_that_is_ahead_is_new() -> None:
    assert aged(-5).age_s(NOW) == 0


def test_a_time_that_is_over_stays_over() -> None:
    assert aged(1000).left_s(NOW) == 0
