"""The keys that allow an address are found by the ranges that they allow."""

import pytest
from sqlmodel import Session, select

from tests.services.rows import IP, a_key, add, an_address
from webapp.models import KeyRange
from webapp.services.addresses.allowing import keys_allowing, keys_naming


@pytest.mark.parametrize(
    ("cidrs", "allows"),
    [
        ((IP,), True),
        (("203.0.113.6/31",), True),
        (("203.0.113.8/29",), False),
        (("0.0.0.0/0",), True),
        (("128.0.0.0/1", "10.0.0.0/8"), True),
        ((" 203.0.113.0/24 ",), True),
        (("203.0.113.9/24",), True),
        (("2001:db8::/32", "everywhere", ""), False),
        ((), False),
    ],
)
def test_a_range_of_any_size_is_found(
    session: Session, cidrs: tuple[str, ...], allows: bool
) -> None:
    address, other = an_address(), an_address(ip="198.51.100.1")
    add(session, address, other, a_key(cidrs=cidrs), a_key("other", cidrs=("192.0.2.1",)))
    names = [key.name for key in keys_allowing(session, [address.id])[address.id]]
    assert names == (["key"] if allows else [])


def test_each_address_has_its_own_keys_by_name_and_not_too_many(session: Session) -> None:
    one, two = an_address(), an_address(ip="203.0.113.8")
    keys = [a_key(f"key-{number}", cidrs=(IP, "203.0.113.0/28")) for number in (2, 1, 3)]
    add(session, one, two, *keys, a_key("wide", cidrs=("203.0.0.0/16",)))
    found = keys_allowing(session, [one.id, two.id])
    assert [key.name for key in found[one.id]] == ["key-1", "key-2", "key-3", "wide"]
    assert found[one.id] == found[two.id]
    assert len(keys_allowing(session, [one.id], most=2)[one.id]) == 2
    assert keys_allowing(session, []) == {}


def test_the_ranges_follow_the_claims_of_a_key(session: Session) -> None:
    address, key = an_address(), a_key(cidrs=("192.0.2.1", IP))
    add(session, address, key)
    assert keys_naming(session, address) == [key]
    key.claims = {"cidrs": ["203.0.113.0/24"]}
    session.commit()
    assert keys_naming(session, address) == []
    assert keys_allowing(session, [address.id])[address.id]
    session.delete(key)
    session.commit()
    assert session.exec(select(KeyRange)).all() == []
