"""Which addresses are public: what is left when all special ones are taken away.

`ipaddress.is_private` is not enough: it lets through shared addresses, 6to4, NAT64, multicast and
more, and its lists differ between versions of Python. So the special-purpose registries are written
down here, whether they say "globally reachable" or not: nothing in them is anybody's web server.

    https://www.iana.org/assignments/iana-ipv4-special-registry
    https://www.iana.org/assignments/iana-ipv6-special-registry
    https://www.iana.org/assignments/ipv6-address-space (only 2000::/3 is global unicast, RFC 4291)
"""

from ipaddress import IPv4Network, IPv6Network, ip_address

_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private use, RFC 1918
        "100.64.0.0/10",  # shared by carriers, RFC 6598; some clouds keep metadata here
        "127.0.0.0/8",  # loopback, RFC 1122
        "168.63.129.16/32",  # not in the registry: the host agent of Azure's machines
        "169.254.0.0/16",  # link-local, RFC 3927; metadata of AWS and others
        "172.16.0.0/12",  # private use, RFC 1918
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.31.196.0/24",  # AS112, RFC 7535
        "192.52.193.0/24",  # AMT, RFC 7450
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "192.168.0.0/16",  # private use, RFC 1918
        "192.175.48.0/24",  # AS112, RFC 7534
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved, RFC 1112, and broadcast, RFC 919
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Outside: ::, ::1, mapped and compatible addresses, NAT64, discard-only, unique local, link-local,
site-local, SRv6, multicast, and what is not assigned."""
_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocol assignments, RFC 2928: Teredo, benchmarks, ORCHID …
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056: leads to any IPv4 address
        "2620:4f:8000::/48",  # AS112, RFC 7534
        "3ffe::/16",  # 6bone, given back, RFC 3701
        "3fff::/20",  # documentation, RFC 9637
    )
)


def is_public(text: str) -> bool:
    """Whether it is an address, as `getaddrinfo` writes it, that anybody on the internet may have.

    No other way to write one is read, such as 0x7f.1 or 2130706433, and none with a zone.
    """
    if "%" in text:
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if address.version == 4:
        return not any(address in network for network in _IPV4)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _IPV6)
