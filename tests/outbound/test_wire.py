"""A name is looked up once, and only public addresses are connected to."""

import socket
from functools import partial

import pytest

from tests.outbound.test_addresses import HOSTILE
from webapp.errors import Upstream
from webapp.outbound.wire import (
    ADDRESSES_MAX,
    Deadline,
    connect,
    look_up,
    public_addresses,
)

HOST = "api.example.com"
PUBLIC = "93.184.216.34"


def test_no_name_leads_to_a_special_address_alone_or_beside_a_public_one() -> None:
    for address in HOSTILE:
        for found in ([address], [PUBLIC, address], [address, PUBLIC]):
            with pytest.raises(Upstream) as refused:
                public_addresses(HOST, partial(answering, found), Deadline(10))
            assert refused.value.code == "address_not_allowed"
            assert address not in str(refused.value).split()


def answering(found: list[str], _name: str, _within_s: float) -> list[str]:
    return found


def test_a_name_without_an_address_is_not_called() -> None:
    with pytest.raises(OSError, match="no address"):
        public_addresses(HOST, lambda *_: [], Deadline(10))


def test_a_few_addresses_of_many_are_tried_and_the_first_that_answers_is_taken() -> None:
    many = [f"93.184.216.{number}" for number in range(200)]
    found = public_addresses(HOST, lambda *_: [*many, *many], Deadline(10))
    assert found == many[:ADDRESSES_MAX]
    tried = []

    def dialer(address: str, port: int, _within_s: float) -> socket.socket:
        tried.append((address, port))
        if len(tried) < 3:
            raise ConnectionRefusedError
        return socket.socket()

    connect(found, 443, dialer, Deadline(10)).close()
    assert tried == [(address, 443) for address in many[:3]]


def test_after_the_deadline_nothing_is_asked_any_more() -> None:
    asked = list[str]()

    def resolve(name: str, _within_s: float) -> list[str]:
        asked.append(name)
        return [PUBLIC]

    with pytest.raises(TimeoutError):
        public_addresses(HOST, resolve, Deadline(0))
    assert asked == []


def test_the_system_is_asked_for_a_name() -> None:
    assert look_up("127.0.0.1", 10) == ["127.0.0.1"]
    for name in ("\ud800", "a" * 70):
        with pytest.raises(OSError, match="not known"):
            look_up(name, 10)
