"""Costs, at the list prices of us-east-1."""

import pytest

from webapp.models.costs import monthly_usd, traffic_usd


@pytest.mark.parametrize(
    ("nat_gateways", "addresses", "usd"),
    [(0, 0, 0), (0, 1, 3.65), (1, 0, 32.85), (1, 1, 36.5), (3, 3, 109.5)],
)
def test_a_month_of_nat_gateways_and_addresses(
    nat_gateways: int, addresses: int, usd: float
) -> None:
    assert monthly_usd(nat_gateways=nat_gateways, addresses=addresses) == usd


@pytest.mark.parametrize(("gb", "usd"), [(0, 0), (50, 2.25), (1000, 45)])
def test_traffic_costs_by_the_gigabyte(gb: float, usd: float) -> None:
    assert traffic_usd(gb) == usd
