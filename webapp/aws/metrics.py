"""What CloudWatch has measured: any number of metrics of a region in one request.

CloudWatch charges for each metric that it is asked for (GetMetricData, 0.01 USD per thousand). So
an answer is kept for a while: it is the same for all who look, and a reload costs nothing. Errors
and what is not complete are not kept.

CloudWatch gives values only for periods in which something was measured, and keeps short periods
for a shorter time: see PERIODS_KEPT.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from threading import Lock
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors

ANSWER_KEPT_S = 60.0
ANSWERS_KEPT_MAX = 200
QUERIES_MAX = 500
"""Of one request: CloudWatch's limit."""
PERIODS_KEPT = {60: timedelta(days=15), 300: timedelta(days=63), 3600: timedelta(days=455)}
"""How long CloudWatch keeps values for each period of so many seconds."""
SUM, MAXIMUM = "Sum", "Maximum"


@dataclass(frozen=True)
class Metric:
    """One statistic of a metric: SUM, MAXIMUM, or a percentile such as `p95`.

    `dimension` says of what: a name and a value, such as `FunctionName`, `egret-shop`.
    """

    namespace: str
    name: str
    stat: str
    dimension: tuple[str, str]


@dataclass(frozen=True)
class Span:
    """From `start` until before `end`, in periods; both are multiples of a period since 1970."""

    start: datetime
    end: datetime
    period_s: int

    @property
    def times(self) -> list[datetime]:
        """When each period begins."""
        step = timedelta(seconds=self.period_s)
        return [self.start + step * n for n in range((self.end - self.start) // step)]


@dataclass(frozen=True)
class Readings:
    """Each metric's values by the beginning of their periods.

    Not `complete`: CloudWatch could not read all of them now.
    """

    values: Mapping[Metric, Mapping[datetime, float]]
    complete: bool
    read_at: datetime


Key = tuple[str, tuple[Metric, ...], Span]


class Metrics:
    def __init__(self, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients, self._clock = clients, clock
        self._kept: dict[Key, tuple[float, Readings]] = {}
        self._lock = Lock()

    def read(
        self,
        region: str,
        metrics: Sequence[Metric],
        span: Span,
        *,
        kept_s: float = ANSWER_KEPT_S,
    ) -> Readings:
        """The values of all metrics, now or up to `kept_s` ago. Raises AwsError."""
        key = (region, tuple(metrics), span)
        kept = self._kept_answer(key)
        if kept:
            return kept
        with aws_errors("reading metrics", region):
            readings = self._read(region, metrics, span)
        if readings.complete:
            with self._lock:
                self._kept[key] = (self._clock() + kept_s, readings)
        return readings

    def _kept_answer(self, key: Key) -> Readings | None:
        """What was read a moment ago; what is too old or too much is dropped."""
        now = self._clock()
        with self._lock:
            fresh = [(k, kept) for k, kept in self._kept.items() if kept[0] > now]
            self._kept = dict(fresh[-ANSWERS_KEPT_MAX + 1 :])
            _, readings = self._kept.get(key, (0.0, None))
        return readings

    def _read(self, region: str, metrics: Sequence[Metric], span: Span) -> Readings:
        values: dict[Metric, dict[datetime, float]] = {metric: {} for metric in metrics}
        statuses: dict[Metric, str] = {}
        for first in range(0, len(metrics), QUERIES_MAX):
            some = metrics[first : first + QUERIES_MAX]
            for result in self._results(region, some, span):
                metric = some[int(result["Id"][1:])]
                times = [at.astimezone(UTC) for at in result["Timestamps"]]
                told = zip(times, result["Values"], strict=True)
                values[metric] |= {at: value for at, value in told if isfinite(value)}
                statuses[metric] = result["StatusCode"]
        complete = all(status == "Complete" for status in statuses.values())
        return Readings(values, complete, datetime.now(UTC))

    def _results(self, region: str, metrics: Sequence[Metric], span: Span) -> Iterator[Any]:
        """Of each page. A metric whose values fill more than one page is in each of them."""
        queries: Any = [_query(f"m{n}", metric, span) for n, metric in enumerate(metrics)]
        pages = (
            self._clients.cloudwatch(region)
            .get_paginator("get_metric_data")
            .paginate(
                MetricDataQueries=queries,
                StartTime=span.start,
                EndTime=span.end,
                ScanBy="TimestampAscending",
            )
        )
        for page in pages:
            yield from page["MetricDataResults"]


def _query(query_id: str, metric: Metric, span: Span) -> dict[str, Any]:
    name, value = metric.dimension
    measured = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value}],
    }
    stat = {"Metric": measured, "Period": span.period_s, "Stat": metric.stat}
    return {"Id": query_id, "MetricStat": stat, "ReturnData": True}
