"""What an endpoint takes of all its callers together, by its access."""

from webapp.models import Access
from webapp.models.caller import RATE_DEFAULT, burst_of
from webapp.models.function import endpoint_limits


def test_an_endpoint_that_everyone_may_call_takes_less() -> None:
    limits = {access: endpoint_limits(access) for access in Access}
    assert limits[Access.OPEN] == (10, 20)
    assert limits[Access.IAM] == limits[Access.API_KEY] == (100, 200)


def test_a_caller_may_send_twice_its_rate_at_once_and_one_call_at_least() -> None:
    assert burst_of(RATE_DEFAULT) == 20
    assert burst_of(0.1) == 1
