"""Ranges: whole periods at round times, which CloudWatch still has."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.aws.metrics import PERIODS_KEPT
from webapp.services.inspection.metrics.ranges import Range, month_so_far, span_of

NOW = datetime(2026, 11, 26, 12, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "start", "end", "points"),
    [
        (Range.HOUR, "26 11:35", "26 12:35", 60),
        (Range.DAY, "25 12:35", "26 12:35", 288),
        (Range.WEEK, "19 13:00", "26 13:00", 168),
        (Range.MONTH, "27 13:00", "26 13:00", 720),
    ],
)
def test_a_range_ends_with_the_period_that_is_now(
    chosen: Range, start: str, end: str, points: int
) -> None:
    span = span_of(chosen, NOW)
    assert (f"{span.start:%d %H:%M}", f"{span.end:%d %H:%M}") == (start, end)
    assert len(span.times) == points


@given(
    st.sampled_from(Range),
    st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),
)
def test_periods_begin_at_round_times_and_are_kept_as_long_as_the_range(
    chosen: Range, now: datetime
) -> None:
    span = span_of(chosen, now)
    assert span.start.timestamp() % span.period_s == span.end.timestamp() % span.period_s == 0
    assert now <= span.end < now + timedelta(seconds=span.period_s)
    assert chosen.length < PERIODS_KEPT[span.period_s]


def test_a_month_begins_at_its_first_midnight_in_utc() -> None:
    span = month_so_far(NOW)
    assert (span.start, span.end) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 27, tzinfo=UTC),
    )
    assert len(span.times) == 26


def test_a_month_that_has_just_begun_is_no_empty_span() -> None:
    first = datetime(2026, 12, 1, tzinfo=UTC)
    assert month_so_far(first).times == [first]
