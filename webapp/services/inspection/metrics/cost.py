"""What a network has cost this month so far, estimated by list prices.

AWS bills each started hour of a NAT gateway, each hour of an address, and the bytes that NAT
gateways process in either direction. A month begins in UTC. While a network is parked it has no NAT
gateway, and none is counted. Other charges are left out: data that leaves AWS, calls of functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from webapp.models import Address, AddressStatus
from webapp.models.costs import (
    ADDRESS_USD_PER_HOUR,
    BYTES_PER_GB,
    NAT_GATEWAY_USD_PER_HOUR,
    traffic_usd,
)
from webapp.services.inspection.metrics.gateways import Gateway

HOUR_S = 3600
HOURS_DIGITS, USD_DIGITS = 2, 4


@dataclass(frozen=True)
class CostSoFar:
    """Since the first of the month. `processed` is in bytes; None if AWS did not say."""

    since: datetime
    nat_hours: int
    address_hours: float
    processed: float | None

    @property
    def nat_usd(self) -> float:
        return round(self.nat_hours * NAT_GATEWAY_USD_PER_HOUR, USD_DIGITS)

    @property
    def addresses_usd(self) -> float:
        return round(self.address_hours * ADDRESS_USD_PER_HOUR, USD_DIGITS)

    @property
    def traffic_usd(self) -> float:
        return traffic_usd((self.processed or 0) / BYTES_PER_GB)

    @property
    def total_usd(self) -> float:
        return round(self.nat_usd + self.addresses_usd + self.traffic_usd, 2)


def cost_so_far(
    gateways: Sequence[Gateway],
    addresses: Sequence[Address],
    *,
    since: datetime,
    now: datetime,
    processed: float | None,
) -> CostSoFar:
    """For all NAT gateways that there were since then, and the addresses that there are."""
    nat_hours = [ceil(_hours(g.since, g.until or now, since, now)) for g in gateways]
    kept = [address for address in addresses if address.status is not AddressStatus.LOST]
    address_hours = [_hours(address.created_at, now, since, now) for address in kept]
    rounded = round(sum(address_hours), HOURS_DIGITS)
    return CostSoFar(since, sum(nat_hours), rounded, processed)


def _hours(begin: datetime, end: datetime, since: datetime, now: datetime) -> float:
    """How much of it was in the month so far."""
    return max(0.0, (min(end, now) - max(begin, since)).total_seconds() / HOUR_S)
