"""Address ranges of networks: which one is free, and whether one that was typed can be used."""

import ipaddress
from collections.abc import Iterable, Iterator

from webapp.errors import Invalid

LARGEST_PREFIX = 16
SMALLEST_PREFIX = 22
PRIVATE = (
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
)


def choose(taken: Iterable[str]) -> str:
    """The first 10.x.0.0/16 that overlaps none of `taken`. Raises Invalid when all do."""
    used = list(_networks(taken))
    for candidate in PRIVATE[0].subnets(new_prefix=LARGEST_PREFIX):
        if not any(candidate.overlaps(other) for other in used):
            return str(candidate)
    raise Invalid("Every range 10.x.0.0/16 overlaps a VPC of the region.", field="cidr")


def parse(cidr: str) -> ipaddress.IPv4Network:
    """The range. Raises Invalid if it is not a range, not private, or of the wrong size."""
    try:
        network = ipaddress.IPv4Network(cidr.strip())
    except ValueError as error:
        raise _bad(f"{cidr!r} is not an IPv4 range ({error}).") from None
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise _bad(f"The range must be /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}.")
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise _bad(f"{network} is not a private range.")
    return network


def check(cidr: str, taken: Iterable[str]) -> str:
    """The range in its plain form. Raises Invalid, also when it overlaps one of `taken`."""
    network = parse(cidr)
    for other in _networks(taken):
        if network.overlaps(other):
            raise _bad(f"{network} overlaps {other}, which a VPC of the region uses.")
    return str(network)


def _networks(cidrs: Iterable[str]) -> Iterator[ipaddress.IPv4Network]:
    return (ipaddress.IPv4Network(cidr) for cidr in cidrs)


def _bad(what: str) -> Invalid:
    return Invalid(f"{what} Write it like 10.20.0.0/16, or leave it empty.", field="cidr")
