"""One client is one subscriber, however many addresses that one has."""

import pytest

from webapp.edge.client_addresses import subscriber_of


@pytest.mark.parametrize(
    ("text", "subscriber"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8:0:0:ffff::2]:4711", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_whose_an_address_is(text: str, subscriber: str) -> None:
    assert subscriber_of(text) == subscriber
