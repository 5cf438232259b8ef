"""Weekly hours: by the clocks of a place, over midnight, and on days when clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.models.schedule import DAYS, WeeklyHours

BERLIN = "Europe/Berlin"
OFFICE = WeeklyHours(time_zone=BERLIN, days=DAYS[:5], start="08:00", end="18:00")
NIGHTS = WeeklyHours(time_zone=BERLIN, days=("fri",), start="22:00", end="06:00")
ALWAYS = WeeklyHours(time_zone="UTC", days=DAYS, start="00:00", end="00:00")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-23 07:59", False),
        ("2026-11-23 08:00", True),
        ("2026-11-23 17:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-28 12:00", False),
    ],
)
def test_hours_begin_at_the_start_and_end_before_the_end(at: str, inside: bool) -> None:
    assert OFFICE.include(local(at)) is inside


def test_an_end_before_the_start_is_on_the_next_day() -> None:
    assert NIGHTS.include(local("2026-11-27 23:00"))
    assert NIGHTS.include(local("2026-11-28 05:59"))
    assert not NIGHTS.include(local("2026-11-28 06:00"))
    assert not NIGHTS.include(local("2026-11-27 05:00"))


def test_the_next_change_is_over_the_weekend() -> None:
    assert OFFICE.next_change(local("2026-11-27 18:00")) == local("2026-11-30 08:00")


def test_hours_without_an_end_never_change() -> None:
    assert ALWAYS.include(local("2026-11-27 18:00"))
    assert ALWAYS.next_change(local("2026-11-27 18:00")) is None


def test_hours_follow_clocks_that_are_changed() -> None:
    """On 25 October 2026 Berlin's clocks go back: the same hour begins an hour later in UTC."""
    before, after = (OFFICE.next_change(local(f"2026-10-{day} 00:00")) for day in (23, 26))
    assert (before, after) == (
        datetime(2026, 10, 23, 6, tzinfo=UTC),
        datetime(2026, 10, 26, 7, tzinfo=UTC),
    )


clock = st.times().map(lambda time: time.strftime("%H:%M"))
any_hours = st.builds(
    WeeklyHours,
    time_zone=st.sampled_from([BERLIN, "UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"]),
    days=st.sets(st.sampled_from(DAYS), min_size=1).map(tuple),
    start=clock,
    end=clock,
)
any_time = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(any_hours, any_time)
def test_nothing_changes_before_the_next_change(hours: WeeklyHours, now: datetime) -> None:
    edge = hours.next_change(now)
    until = edge or now + timedelta(days=7)
    for part in range(8):
        assert hours.include(now + (until - now) * part / 8) is hours.include(now)
    assert edge is None or hours.include(edge) is not hours.include(now)
