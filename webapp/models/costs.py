"""What a network costs a month, in US dollars, at the list prices of us-east-1.

A month is 730 hours, as AWS counts it. Traffic is not in it: see `traffic_usd`.
"""

HOURS_PER_MONTH = 730
NAT_GATEWAY_USD_PER_HOUR = 0.045
ADDRESS_USD_PER_HOUR = 0.005
TRAFFIC_USD_PER_GB = 0.045
TRAFFIC_GB = {"low": 1, "typical": 50, "high": 1000}
"""GB a month, for answers of 20 kB: one a minute, one a second, twenty a second."""
SECRET_USD_PER_MONTH = 0.40
KMS_KEY_USD_PER_MONTH = 1.00
METRICS_USD_PER_THOUSAND = 0.01
"""For a thousand metrics that are read."""
BYTES_PER_GB = 2**30


def monthly_usd(*, nat_gateways: int, addresses: int) -> float:
    """For that many NAT gateways and addresses. An address costs the same in use or free."""
    hourly = nat_gateways * NAT_GATEWAY_USD_PER_HOUR + addresses * ADDRESS_USD_PER_HOUR
    return round(hourly * HOURS_PER_MONTH, 2)


def traffic_usd(gb: float) -> float:
    """What a NAT gateway charges for `gb` gigabytes."""
    return round(gb * TRAFFIC_USD_PER_GB, 2)


def reading_metrics_usd(metrics: int) -> float:
    """What CloudWatch charges for so many metrics in one request."""
    return metrics * METRICS_USD_PER_THOUSAND / 1000
