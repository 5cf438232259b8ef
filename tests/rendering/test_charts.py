"""Charts: everything is inside the box, and the labels are what a person expects."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.rendering.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    X_TICKS_MAX,
    Y_TICKS_MAX,
    Data,
    amount,
    chart,
    exact,
)

START = datetime(2026, 11, 26, 9, 58, tzinfo=UTC)
PERIODS_S = (60, 300, 3600)
values = st.one_of(st.none(), st.floats(0, 1e13), st.integers(0, 500).map(float))


def points(found: list[float | None], period_s: int = 60) -> list[tuple[datetime, float | None]]:
    return [(START + timedelta(seconds=period_s * n), value) for n, value in enumerate(found)]


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


@given(
    st.lists(values, min_size=1, max_size=60),
    st.sampled_from(("count", "bytes", "ms")),
    st.sampled_from(PERIODS_S),
)
def test_every_point_and_every_tick_is_inside_the_box(
    found: list[float | None], unit: str, period_s: int
) -> None:
    data = [Data("all", points(found, period_s))]
    made = chart("Calls", unit, data)
    drawn = places(made.lines[0].path)
    assert len(drawn) == sum(value is not None for value in found)
    for x, y in drawn:
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP - 0.1 <= y <= HEIGHT - BOTTOM
    assert all(LEFT <= tick.at <= WIDTH - RIGHT for tick in made.x_ticks)
    assert all(TOP <= round(tick.at, 6) <= HEIGHT - BOTTOM for tick in made.y_ticks)
    assert len(made.x_ticks) <= X_TICKS_MAX + 1
    assert 2 <= len(made.y_ticks) <= Y_TICKS_MAX
    assert chart("Calls", unit, data) == made


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    made = chart("Duration", "ms", [Data("p50", points([1, 2, None, 3, None, 4, 5]))])
    path = made.lines[0].path
    assert path.count("M") == 3
    assert path.count("h0") == 1  # a point alone is a dot


def test_higher_is_further_up_and_later_further_right() -> None:
    (line,) = chart("Calls", "count", [Data("all", points([0, 5, 10]))]).lines
    (x0, y0), (x1, y1), (x2, y2) = places(line.path)
    assert x0 < x1 < x2
    assert y0 > y1 > y2
    assert (x0, x2, y0) == (LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM)


def test_ticks_are_round_numbers_and_round_times() -> None:
    made = chart("Calls", "count", [Data("all", points([0.0, 7.0] * 30))])
    assert [tick.label for tick in made.y_ticks] == ["0", "5", "10"]
    assert [tick.label for tick in made.x_ticks] == ["10:00", "10:15", "10:30", "10:45"]
    days = chart("Calls", "count", [Data("all", points([1.0] * 168, 3600))])
    assert [tick.label for tick in days.x_ticks] == ["27 Nov", "29 Nov", "1 Dec", "3 Dec"]


@pytest.mark.parametrize("found", [[0.0] * 5, [None] * 5])
def test_a_chart_of_nothing_still_has_axes_and_no_rows(found: list[float | None]) -> None:
    made = chart("Errors", "count", [Data("all", points(found))])
    assert [tick.label for tick in made.y_ticks] == ["0", "1"]
    assert made.rows == ()


def test_the_table_has_the_same_numbers_newest_first_without_empty_rows() -> None:
    errors, throttles = points([0, 3, 0, None]), points([0, 0, 2, None])
    made = chart("Faults", "count", [Data("Errors", errors), Data("Throttles", throttles)])
    assert [(row.at, row.values) for row in made.rows] == [
        (errors[2][0], ("0", "2")),
        (errors[1][0], ("3", "0")),
    ]
    assert made.summary == "Faults. Errors: highest 3; Throttles: highest 2."


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "count", "0"),
        (1234, "count", "1,234"),
        (12_500, "count", "12.5k"),
        (999_400, "count", "999k"),
        (999_600, "count", "1M"),
        (0, "bytes", "0 B"),
        (999_999_999, "bytes", "1 GB"),
        (950, "bytes", "950 B"),
        (1_234_567, "bytes", "1.23 MB"),
        (0.04, "ms", "0.04 ms"),
        (340.2, "ms", "340 ms"),
        (1500, "ms", "1.5 s"),
        (90_000, "ms", "1.5 min"),
    ],
)
def test_amounts_are_written_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12_500, "count", "12,500"),
        (1_234_567, "bytes", "1,234,567 B"),
        (340.25, "ms", "340.25 ms"),
        (90_000, "ms", "90,000 ms"),
    ],
)
def test_in_a_table_nothing_is_rounded_away(value: float, unit: str, text: str) -> None:
    assert exact(value, unit) == text
