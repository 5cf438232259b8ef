"""The cost of a month so far: started hours, hours of addresses, bytes in either direction."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.services.rows import an_address
from webapp.models import AddressStatus
from webapp.services.inspection.metrics.cost import cost_so_far
from webapp.services.inspection.metrics.gateways import Gateway

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
NOW = SINCE + timedelta(hours=100)


def hours(number: float) -> datetime:
    return SINCE + timedelta(hours=number)


@pytest.mark.parametrize(
    ("since", "until", "counted"),
    [
        (-50.0, None, 100),
        (90.0, None, 10),
        (90.5, None, 10),
        (10.0, 10.2, 1),
        (-20.0, 5.0, 5),
        (-20.0, -1.0, 0),
    ],
)
def test_a_started_hour_of_a_nat_gateway_counts_while_it_is_there(
    since: float, until: float | None, counted: int
) -> None:
    end = None if until is None else hours(until)
    gateway = Gateway("nat-1", "a", hours(since), end)
    found = cost_so_far([gateway], [], since=SINCE, now=NOW, processed=0)
    assert found.nat_hours == counted
    assert found.nat_usd == pytest.approx(counted * 0.045)


def test_an_address_costs_also_while_the_network_is_parked() -> None:
    kept = an_address(created_at=hours(-5))
    newer = an_address(ip="203.0.113.8", created_at=hours(98))
    lost = an_address(ip="203.0.113.9", created_at=hours(-5), status=AddressStatus.LOST)
    found = cost_so_far([], [kept, newer, lost], since=SINCE, now=NOW, processed=0)
    assert found.address_hours == pytest.approx(102)
    assert found.addresses_usd == pytest.approx(0.51)
    assert found.total_usd == 0.51


def test_data_is_billed_by_the_gigabyte_and_may_be_unknown() -> None:
    known = cost_so_far([], [], since=SINCE, now=NOW, processed=10 * 2**30)
    assert known.traffic_usd == pytest.approx(0.45)
    unknown = cost_so_far([], [], since=SINCE, now=NOW, processed=None)
    assert (unknown.processed, unknown.traffic_usd) == (None, 0)
