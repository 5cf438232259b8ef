"""Whether a key allows the addresses of a network."""

import pytest

from webapp.partners.whitelist import coverage


def test_a_key_must_allow_every_address() -> None:
    found = coverage(["203.0.113.7", "198.51.100.0/24", "junk"], ["203.0.113.7", "203.0.113.8"])
    assert found.allowed == ("203.0.113.7",)
    assert found.missing == ("203.0.113.8",)
    assert found.paste == "203.0.113.7\n203.0.113.8"


@pytest.mark.parametrize(
    ("cidr", "is_allowed"),
    [
        ("203.0.113.7", True),
        (" 203.0.113.7/32 ", True),
        ("203.0.113.99/24", True),
        ("0.0.0.0/0", True),
        ("203.0.113.8", False),
        ("2001:db8::/32", False),
        ("203.0.113.7/33", False),
        ("", False),
    ],
)
def test_a_range_as_it_was_typed_in_the_portal_allows_its_addresses(
    cidr: str, is_allowed: bool
) -> None:
    assert bool(coverage([cidr], ["203.0.113.7"]).allowed) is is_allowed
