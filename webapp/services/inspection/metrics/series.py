"""Series: one metric over a range, with a point for each period, also where AWS has no value.

Without a value nothing happened: a sum or a maximum is then zero, but a duration is unknown, which
is a gap. So is a period for which AWS may not have all values yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.aws import Cloud
from webapp.aws.metrics import ANSWER_KEPT_S, MAXIMUM, SUM, Metric, Readings, Span
from webapp.models import utc_now
from webapp.services.inspection.metrics.ranges import DELAY_S


@dataclass(frozen=True)
class Kind:
    """A metric as we name it, and as AWS does. `unit` is `count`, `bytes` or `ms`."""

    name: str
    namespace: str
    aws_name: str
    stat: str
    unit: str

    def of(self, dimension: tuple[str, str]) -> Metric:
        return Metric(self.namespace, self.aws_name, self.stat, dimension)


@dataclass(frozen=True)
class Point:
    """`at` is when the period begins; `value` is None in a gap."""

    at: datetime
    value: float | None


@dataclass(frozen=True)
class Series:
    """`zone` is that of the NAT gateways it is about, '' when it is about all or none."""

    kind: Kind
    points: tuple[Point, ...]
    zone: str = ""

    @property
    def values(self) -> list[float]:
        return [point.value for point in self.points if point.value is not None]

    @property
    def total(self) -> float | None:
        """Of sums the sum, of anything else the highest; None if all is a gap."""
        return total_of(self.kind, self.values) if self.values else None


def total_of(kind: Kind, values: Sequence[float]) -> float:
    return sum(values) if kind.stat == SUM else max(values, default=0.0)


def read(
    cloud: Cloud,
    region: str,
    metrics: Sequence[Metric],
    span: Span,
    *,
    kept_s: float = ANSWER_KEPT_S,
) -> Readings:
    """Without metrics CloudWatch is not asked, as it would refuse. Raises AwsError."""
    if not metrics:
        return Readings({}, complete=True, read_at=utc_now())
    return cloud.metrics.read(region, metrics, span, kept_s=kept_s)


def series_of(
    kind: Kind, readings: Readings, metrics: Sequence[Metric], span: Span, *, zone: str = ""
) -> Series:
    """Of one metric, or of several added up: those of a network's NAT gateways."""
    added = _added(readings.values[metric] for metric in metrics)
    complete_until = readings.read_at - timedelta(seconds=DELAY_S + span.period_s)
    empty = 0.0 if kind.stat in (SUM, MAXIMUM) else None
    points = (
        Point(at, added.get(at, empty if at <= complete_until else None)) for at in span.times
    )
    return Series(kind, tuple(points), zone)


def _added(each: Iterable[Mapping[datetime, float]]) -> dict[datetime, float]:
    added: dict[datetime, float] = {}
    for values in each:
        for at, value in values.items():
            added[at] = added.get(at, 0.0) + value
    return added
