"""The time range of a search."""

from datetime import UTC, datetime, timedelta

import pytest

from webapp.errors import Invalid
from webapp.services.functions.activity.times import Span, span_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOON, ONE = "2026-11-24T12:00:00Z", "2026-11-24T14:00+01:00"


def test_a_range_reaches_back_from_now() -> None:
    assert span_of("", "", "15m", now=NOW) == Span(NOW - timedelta(minutes=15))
    assert span_of("", "", now=NOW) == Span()


def test_two_times_count_before_a_range_and_are_utc_unless_they_say_otherwise() -> None:
    span = span_of("2026-11-24T12:00", ONE, "1h", now=NOW)
    assert span == Span(
        datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 24, 13, tzinfo=UTC)
    )
    assert span_of(NOON, "2027-01-01", now=NOW) == Span(NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("yesterday", "", ""), "from"),
        (("", "0001-01-01", ""), "to"),
        (("9999-12-31T23:59:59.999999", "", ""), "from"),
        ((ONE, NOON, ""), "to"),
        ((NOON, NOON, ""), "to"),
        (("", "", "2h"), "range"),
    ],
)
def test_a_bad_time_range_is_refused_at_its_field(given: tuple[str, str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        span_of(*given, now=NOW)
    assert field in refused.value.errors
