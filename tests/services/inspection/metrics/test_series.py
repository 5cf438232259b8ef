"""Series: a point for every period, a zero where nothing happened, a gap where nothing is known."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.services.measured import without_kept_answers
from tests.services.scripted import ScriptedAws
from webapp.aws.metrics import MAXIMUM, SUM, Readings, Span
from webapp.services.inspection.metrics.series import Kind, read, series_of, total_of

START = datetime(2026, 11, 26, 12, tzinfo=UTC)
SPAN = Span(START, START + timedelta(minutes=6), 60)
CALLS = Kind("calls", "AWS/Lambda", "Invocations", SUM, "count")
TIME = Kind("time", "AWS/Lambda", "Duration", "p95", "ms")
MOST = Kind("most", "AWS/NATGateway", "ActiveConnectionCount", MAXIMUM, "count")
ONE, OTHER = ("FunctionName", "one"), ("FunctionName", "other")


def readings(kind: Kind, **values: dict[int, float]) -> Readings:
    """By function and minute; read long after."""
    found = {
        kind.of(("FunctionName", name)): {START + timedelta(minutes=m): v for m, v in each.items()}
        for name, each in values.items()
    }
    return Readings(found, complete=True, read_at=START + timedelta(hours=1))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CALLS, [0, 2, 0, 3, 0, 0]),
        (MOST, [0, 2, 0, 3, 0, 0]),
        (TIME, [None, 2, None, 3, None, None]),
    ],
)
def test_a_value_that_aws_does_not_give_is_zero_or_unknown(
    kind: Kind, expected: list[float | None]
) -> None:
    found = series_of(kind, readings(kind, one={1: 2, 3: 3}), [kind.of(ONE)], SPAN)
    assert [point.value for point in found.points] == expected
    assert found.points[1].at == START + timedelta(minutes=1)


def test_a_value_that_aws_may_still_give_is_a_gap() -> None:
    early = Readings({CALLS.of(ONE): {}}, complete=True, read_at=START + timedelta(minutes=6))
    found = series_of(CALLS, early, [CALLS.of(ONE)], SPAN)
    assert [point.value for point in found.points] == [0, 0, 0, None, None, None]


def test_several_metrics_are_added_up() -> None:
    both = readings(CALLS, one={0: 1, 1: 2}, other={1: 5})
    found = series_of(CALLS, both, [CALLS.of(ONE), CALLS.of(OTHER)], SPAN)
    assert [point.value for point in found.points][:3] == [1, 7, 0]
    assert found.total == 8


def test_a_total_is_the_sum_or_the_highest() -> None:
    assert total_of(CALLS, [1, 4, 2]) == 7
    assert total_of(MOST, [1, 4, 2]) == total_of(TIME, [1, 4, 2]) == 4
    assert total_of(MOST, []) == 0
    assert series_of(TIME, readings(TIME, one={}), [TIME.of(ONE)], SPAN).total is None


def test_cloudwatch_is_not_asked_for_nothing(aws: ScriptedAws) -> None:
    assert read(without_kept_answers(aws), "eu-central-1", [], SPAN).values == {}
    assert aws.asked == []
