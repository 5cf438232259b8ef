"""What the API gives for the metrics of a function or a network."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from webapp.services.inspection.metrics.cost import CostSoFar
from webapp.services.inspection.metrics.of_functions import FunctionMetrics
from webapp.services.inspection.metrics.of_networks import NetworkMetrics
from webapp.services.inspection.metrics.ranges import DELAY_S, Range
from webapp.services.inspection.metrics.series import Series

Totals = dict[str, float | None]


class PointOut(BaseModel):
    """`at` is when the period begins. `value` is null where it is not known, or not yet."""

    at: datetime
    value: float | None


class SeriesOut(BaseModel):
    """`unit` is `count`, `bytes` or `ms`; `stat` is CloudWatch's."""

    name: str
    unit: Literal["count", "bytes", "ms"]
    stat: str
    points: list[PointOut]


class MetricsOut(BaseModel):
    """Totals are sums; of anything but a sum, the highest value.

    CloudWatch may take `delay_s` until it has all values. If not `complete`, it could not read all
    of them now. `reading_cost_usd` is what CloudWatch charges for a new reading; one that is less
    than a minute old is given again.
    """

    range: Range
    start: datetime
    end: datetime
    period_s: int
    delay_s: int
    read_at: datetime
    complete: bool
    reading_cost_usd: float
    totals: Totals
    series: list[SeriesOut]


class ZoneSeriesOut(SeriesOut):
    availability_zone: str


class GatewayOut(BaseModel):
    """A NAT gateway that the network has, or had in the range; `until` is null if it is there."""

    id: str
    availability_zone: str
    since: datetime
    until: datetime | None
    totals: Totals


class CostSoFarOut(BaseModel):
    """This month in UTC, estimated by list prices. `bytes_processed` is null if AWS did not say."""

    since: datetime
    nat_gateway_hours: int
    nat_gateways_usd: float
    address_hours: float
    addresses_usd: float
    bytes_processed: float | None
    traffic_usd: float
    total_usd: float
    estimated: bool = Field(default=True)


class NetworkMetricsOut(MetricsOut):
    """`series` are those of the whole network, `zones` the same by zone.

    `nat_gateways_left_out` counts older ones that are not in any number, apart from their hours.
    """

    zones: list[ZoneSeriesOut]
    nat_gateways: list[GatewayOut]
    nat_gateways_left_out: int
    cost_so_far: CostSoFarOut


def metrics_out(found: FunctionMetrics) -> MetricsOut:
    return MetricsOut.model_validate(_common(found))


def network_metrics_out(found: NetworkMetrics) -> NetworkMetricsOut:
    zones = [_series(each) | {"availability_zone": each.zone} for each in found.zones]
    gateways = [
        GatewayOut(
            id=each.gateway.id,
            availability_zone=each.gateway.zone,
            since=each.gateway.since,
            until=each.gateway.until,
            totals={**each.totals},
        )
        for each in found.gateways
    ]
    return NetworkMetricsOut.model_validate(
        _common(found)
        | {
            "zones": zones,
            "nat_gateways": gateways,
            "nat_gateways_left_out": found.left_out,
            "cost_so_far": _cost(found.cost),
        }
    )


def _common(found: FunctionMetrics | NetworkMetrics) -> dict[str, object]:
    return {
        "range": found.range,
        "start": found.span.start,
        "end": found.span.end,
        "period_s": found.span.period_s,
        "delay_s": DELAY_S,
        "read_at": found.read_at,
        "complete": found.complete,
        "reading_cost_usd": found.cost_usd,
        "totals": found.totals,
        "series": [_series(each) for each in found.series],
    }


def _series(series: Series) -> dict[str, object]:
    points = [{"at": point.at, "value": point.value} for point in series.points]
    kind = series.kind
    return {"name": kind.name, "unit": kind.unit, "stat": kind.stat, "points": points}


def _cost(cost: CostSoFar) -> CostSoFarOut:
    return CostSoFarOut(
        since=cost.since,
        nat_gateway_hours=cost.nat_hours,
        nat_gateways_usd=cost.nat_usd,
        address_hours=cost.address_hours,
        addresses_usd=cost.addresses_usd,
        bytes_processed=cost.processed,
        traffic_usd=cost.traffic_usd,
        total_usd=cost.total_usd,
    )
