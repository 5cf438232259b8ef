"""The metrics of a network: those of its NAT gateways, by zone and in sum, and what they cost.

A zone's series has the NAT gateways that the zone had one after the other. The sum of the highest
numbers of connections is what the network had at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.metrics import MAXIMUM, QUERIES_MAX, SUM, Readings, Span
from webapp.models import Network, utc_now
from webapp.models.costs import reading_metrics_usd
from webapp.services.addresses import pool
from webapp.services.inspection.metrics.cost import CostSoFar, cost_so_far
from webapp.services.inspection.metrics.gateways import Gateway, gateways_of
from webapp.services.inspection.metrics.ranges import Range, month_so_far, span_of
from webapp.services.inspection.metrics.series import Kind, Series, read, series_of, total_of

NAT = "AWS/NATGateway"
BYTES_OUT = Kind("bytes_out", NAT, "BytesOutToDestination", SUM, "bytes")
BYTES_IN = Kind("bytes_in", NAT, "BytesInFromDestination", SUM, "bytes")
ACTIVE = Kind("active_connections", NAT, "ActiveConnectionCount", MAXIMUM, "count")
ATTEMPTS = Kind("connection_attempts", NAT, "ConnectionAttemptCount", SUM, "count")
ESTABLISHED = Kind("connections_established", NAT, "ConnectionEstablishedCount", SUM, "count")
PORT_ERRORS = Kind("port_errors", NAT, "ErrorPortAllocation", SUM, "count")
DROPPED = Kind("packets_dropped", NAT, "PacketsDropCount", SUM, "count")
KINDS = (BYTES_OUT, BYTES_IN, ACTIVE, ATTEMPTS, ESTABLISHED, PORT_ERRORS, DROPPED)
PROCESSED = (
    Kind("processed_out", NAT, "BytesInFromSource", SUM, "bytes"),
    Kind("processed_in", NAT, "BytesInFromDestination", SUM, "bytes"),
)
"""What AWS bills: all that comes in, from either side."""
GATEWAYS_MAX = QUERIES_MAX // len(KINDS)
"""The newest ones; a network that is parked each night has another one each day."""
MONTH_KEPT_S = 900.0
"""The bytes of the month are a second request. As its answer is kept longer, few pages make it."""


@dataclass(frozen=True)
class GatewayTotals:
    gateway: Gateway
    totals: dict[str, float]


@dataclass(frozen=True)
class NetworkMetrics:
    """`series` are the sums, `zones` the same by zone. `left_out` counts older NAT gateways."""

    range: Range
    span: Span
    series: tuple[Series, ...]
    zones: tuple[Series, ...]
    gateways: tuple[GatewayTotals, ...]
    cost: CostSoFar
    complete: bool
    read_at: datetime
    cost_usd: float
    left_out: int

    @property
    def totals(self) -> dict[str, float | None]:
        """By name; for active connections the highest of all periods."""
        return {each.kind.name: each.total for each in self.series}

    @property
    def unanswered(self) -> float:
        """How many attempts to connect got no answer."""
        made = self.totals[ATTEMPTS.name] or 0
        return max(0.0, made - (self.totals[ESTABLISHED.name] or 0))

    @property
    def ran(self) -> bool:
        """Whether anything went through a NAT gateway in the range."""
        return any(total for total in self.totals.values())


def of_network(session: Session, cloud: Cloud, network: Network, chosen: Range) -> NetworkMetrics:
    """Raises AwsError. A network without any NAT gateway yet has series of zeros."""
    now = utc_now()
    every, span = gateways_of(session, network), span_of(chosen, now)
    month_start = month_so_far(now).start
    billed = [gateway for gateway in every if (gateway.until or now) > month_start]
    there = [gateway for gateway in every if (gateway.until or now) > span.start]
    shown = there[-GATEWAYS_MAX:]
    readings = read(cloud, network.region, [kind.of(_id(g)) for g in shown for kind in KINDS], span)
    return NetworkMetrics(
        range=chosen,
        span=span,
        series=tuple(_series(kind, readings, shown, span) for kind in KINDS),
        zones=tuple(_by_zone(readings, shown, span)),
        gateways=tuple(_totals(readings, gateway) for gateway in _newest_first(shown)),
        cost=_cost(session, cloud, network, billed, now),
        complete=readings.complete,
        read_at=readings.read_at,
        cost_usd=reading_metrics_usd(
            len(shown) * len(KINDS) + len(billed[-GATEWAYS_MAX:]) * len(PROCESSED)
        ),
        left_out=len(there) - len(shown),
    )


def _cost(
    session: Session, cloud: Cloud, network: Network, billed: Sequence[Gateway], now: datetime
) -> CostSoFar:
    """Its bytes are asked for apart from the range's: the month may be longer than the range."""
    month = month_so_far(now)
    asked = [kind.of(_id(gateway)) for gateway in billed[-GATEWAYS_MAX:] for kind in PROCESSED]
    readings = read(cloud, network.region, asked, month, kept_s=MONTH_KEPT_S)
    processed = sum(sum(values.values()) for values in readings.values.values())
    return cost_so_far(
        billed,
        pool.of_network(session, network.id),
        since=month.start,
        now=now,
        processed=processed if readings.complete else None,
    )


def _series(
    kind: Kind, readings: Readings, of: Sequence[Gateway], span: Span, zone: str = ""
) -> Series:
    metrics = [kind.of(_id(gateway)) for gateway in of]
    return series_of(kind, readings, metrics, span, zone=zone)


def _by_zone(readings: Readings, shown: Sequence[Gateway], span: Span) -> list[Series]:
    zones = sorted({gateway.zone for gateway in shown})
    return [
        _series(kind, readings, [g for g in shown if g.zone == zone], span, zone)
        for zone in zones
        for kind in KINDS
    ]


def _newest_first(gateways: Sequence[Gateway]) -> list[Gateway]:
    """In the order of their zones where they were made together."""
    by_zone = sorted(gateways, key=lambda gateway: gateway.zone)
    return sorted(by_zone, key=lambda gateway: gateway.since, reverse=True)


def _totals(readings: Readings, gateway: Gateway) -> GatewayTotals:
    values = {kind: [*readings.values[kind.of(_id(gateway))].values()] for kind in KINDS}
    totals = {kind.name: total_of(kind, found) for kind, found in values.items()}
    return GatewayTotals(gateway, totals)


def _id(gateway: Gateway) -> tuple[str, str]:
    return "NatGatewayId", gateway.id
