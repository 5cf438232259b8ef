"""Addresses as they are shown: with the network, its functions, and the keys that allow them."""

import pytest
from sqlmodel import Session

from tests.services.rows import IP, a_key, add, add_function, ago, an_address
from webapp.errors import NotFound
from webapp.models import Address
from webapp.services import addresses


def test_an_address_is_shown_with_all_that_depends_on_it(session: Session) -> None:
    function = add_function(session)
    (shown,) = addresses.page(session).rows
    assert shown.address.public_ip == IP
    assert shown.network is not None
    assert shown.network.name == "net"
    assert [each.name for each in shown.functions] == [function.name]
    assert [key.name for key in shown.keys] == ["key"]
    assert addresses.detail(session, shown.address.id) == shown


@pytest.mark.parametrize(
    ("cidr", "allows"),
    [(IP, True), (f"{IP}/32", True), ("203.0.113.0/24", True), ("198.51.100.0/24", False)],
)
def test_a_key_allows_an_address_by_itself_or_within_a_range(
    session: Session, cidr: str, allows: bool
) -> None:
    add(session, an_address(), a_key(cidrs=(cidr,)))
    (shown,) = addresses.page(session).rows
    assert bool(shown.keys) is allows


def test_a_free_address_belongs_to_no_network_and_no_function(session: Session) -> None:
    add_function(session)
    free = an_address(ip="203.0.113.99")
    add(session, free)
    shown = addresses.detail(session, free.id)
    assert (shown.network, shown.functions, shown.keys) == (None, [], [])


def test_the_oldest_is_first(session: Session) -> None:
    new, old = an_address(ip="203.0.113.1"), an_address(ip="203.0.113.2", created_at=ago(60))
    add(session, new, old)
    assert [shown.address for shown in addresses.page(session).rows] == [old, new]


def test_what_is_not_allocated_yet_is_allowed_by_no_key(session: Session) -> None:
    row = Address(region="eu-west-1")
    add(session, row, a_key(cidrs=("0.0.0.0/0",)))
    assert addresses.detail(session, row.id).keys == []


def test_an_unknown_address_is_not_found(session: Session) -> None:
    for ask in (addresses.get, addresses.detail):
        with pytest.raises(NotFound):
            ask(session, "unknown")
