"""Metrics, from what CloudWatch answers: in pages, newest or oldest first, with gaps."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.errors import AccessDenied, NotReached
from webapp.aws.metrics import ANSWER_KEPT_S, MAXIMUM, SUM, Metric, Metrics, Readings, Span

REGION = "eu-central-1"
START = datetime(2026, 11, 26, 12, tzinfo=UTC)
SPAN = Span(START, START + timedelta(minutes=5), 60)
CALLS = Metric("AWS/Lambda", "Invocations", SUM, ("FunctionName", "egret-shop"))
MOST = Metric("AWS/Lambda", "ConcurrentExecutions", MAXIMUM, ("FunctionName", "egret-shop"))


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def result(id: str, values: dict[int, float], status: str = "Complete") -> dict[str, Any]:
    return {
        "Id": id,
        "Timestamps": [minute(number) for number in values],
        "Values": list(values.values()),
        "StatusCode": status,
    }


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stub(offline: Clients) -> Iterator[Stubber]:
    with Stubber(offline.cloudwatch(REGION)) as stub:
        yield stub


def test_a_span_is_made_of_periods() -> None:
    assert SPAN.times == [minute(number) for number in range(5)]


def test_all_metrics_are_asked_for_in_one_request(offline: Clients, stub: Stubber) -> None:
    measured = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": "egret-shop"}],
    }
    first = {"Metric": measured, "Period": 60, "Stat": "Sum"}
    second = {"Metric": measured | {"MetricName": "ConcurrentExecutions"}, "Period": 60}
    asked = {
        "MetricDataQueries": [
            {"Id": "m0", "MetricStat": first, "ReturnData": True},
            {"Id": "m1", "MetricStat": second | {"Stat": "Maximum"}, "ReturnData": True},
        ],
        "StartTime": START,
        "EndTime": SPAN.end,
        "ScanBy": "TimestampAscending",
    }
    answer = {"MetricDataResults": [result("m0", {0: 2.0, 3: 1.0}), result("m1", {3: 1.0})]}
    stub.add_response("get_metric_data", answer, asked)
    found = Metrics(offline).read(REGION, [CALLS, MOST], SPAN)
    assert found.values == {CALLS: {minute(0): 2.0, minute(3): 1.0}, MOST: {minute(3): 1.0}}
    assert found.complete


def test_values_in_several_pages_belong_together(offline: Clients, stub: Stubber) -> None:
    pages = [result("m0", {4: 1.0, 3: 2.0, 2: float("nan")}, "PartialData"), result("m0", {1: 3.0})]
    stub.add_response("get_metric_data", {"MetricDataResults": pages[:1], "NextToken": "more"})
    stub.add_response("get_metric_data", {"MetricDataResults": pages[1:]})
    found = Metrics(offline).read(REGION, [CALLS], SPAN)
    assert found.values[CALLS] == {minute(4): 1.0, minute(3): 2.0, minute(1): 3.0}
    assert found.complete


def test_a_metric_that_could_not_be_read_makes_the_answer_incomplete(
    offline: Clients, stub: Stubber
) -> None:
    metrics = Metrics(offline)
    for status in ("InternalError", "Complete"):
        results = [result("m0", {0: 1.0}), result("m1", {}, status)]
        stub.add_response("get_metric_data", {"MetricDataResults": results})
    assert not metrics.read(REGION, [CALLS, MOST], SPAN).complete
    assert metrics.read(REGION, [CALLS, MOST], SPAN).complete  # and was not kept


def test_more_metrics_than_fit_are_asked_for_in_two_requests(
    offline: Clients, stub: Stubber
) -> None:
    many = [Metric("AWS/Lambda", "Errors", SUM, ("FunctionName", f"{n}")) for n in range(501)]
    stub.add_response("get_metric_data", {"MetricDataResults": [result("m499", {0: 1.0})]})
    stub.add_response("get_metric_data", {"MetricDataResults": [result("m0", {0: 2.0})]})
    found = Metrics(offline).read(REGION, many, SPAN).values
    assert (found[many[499]], found[many[500]]) == ({minute(0): 1.0}, {minute(0): 2.0})


def test_a_reload_within_the_time_that_an_answer_is_kept_asks_nothing(
    offline: Clients, stub: Stubber
) -> None:
    clock = Clock()
    metrics = Metrics(offline, clock)

    def read(span: Span = SPAN) -> Readings:
        return metrics.read(REGION, [CALLS], span)

    for value in (1.0, 2.0, 3.0):
        stub.add_response("get_metric_data", {"MetricDataResults": [result("m0", {0: value})]})
    first = read()
    clock.now = ANSWER_KEPT_S - 1
    assert read() is first
    assert read(Span(START, minute(10), 60)) is not first
    clock.now = ANSWER_KEPT_S + 1
    assert metrics.read(REGION, [CALLS], SPAN, kept_s=900).values[CALLS] == {minute(0): 3.0}
    clock.now += 800
    assert read().values[CALLS] == {minute(0): 3.0}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("AccessDenied", 403, AccessDenied), ("Throttling", 400, NotReached)],
)
def test_an_error_says_what_it_is_and_is_not_kept(
    offline: Clients, stub: Stubber, code: str, status: int, kind: type[Exception]
) -> None:
    metrics = Metrics(offline)
    stub.add_client_error("get_metric_data", code, "no", status)
    stub.add_response("get_metric_data", {"MetricDataResults": []})
    with pytest.raises(kind, match="reading metrics"):
        metrics.read(REGION, [CALLS], SPAN)
    assert metrics.read(REGION, [CALLS], SPAN).complete
