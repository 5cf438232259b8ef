"""Addresses of clients: how they are written, and which of them count as one client."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address
REMEMBERED_MAX = 4096
IPV6_PREFIX = 64
"""A subscriber has all addresses of such a network, and may use another one for each request."""


@lru_cache(REMEMBERED_MAX)
def address_of(text: str) -> Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]:5`; IPv4 also where IPv6 maps it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(REMEMBERED_MAX)
def subscriber_of(text: str) -> str:
    """Who has the address, for limits: one IPv4 address or one network of IPv6.

    What is no address is given back as it is.
    """
    found = address_of(text)
    if found is None or found.version == 4:
        return str(found or text)
    return str(ip_network((found, IPV6_PREFIX), strict=False))
