"""Address ranges of networks: which one is free, and whether one that was typed can be used."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, func
from sqlmodel import Session, col, select

from webapp.aws.cloudformation.templates import zones_in_range
from webapp.errors import Invalid
from webapp.models import Network, Site

LARGEST_PREFIX = 16
SMALLEST_PREFIX = 26
"""Cut into four subnets of /28, the smallest that AWS makes: a public and a private one for each of
two zones."""
BLOCK = 2 ** (32 - LARGEST_PREFIX)
"""Addresses of the largest range. No range is in two of these."""
PRIVATE = (
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
    ipaddress.IPv4Network("100.64.0.0/10"),
)
"""RFC 1918, and RFC 6598's shared range, which AWS accepts for VPCs too."""


def choose(taken: Iterable[str]) -> str:
    """The first private /16 that overlaps none of `taken`. Raises Invalid when there is none."""
    if found := first_free(taken):
        return found
    raise Invalid(
        "Every private /16 overlaps a VPC of the region or its peer: write a smaller range that is "
        "free.",
        field="cidr",
    )


def first_free(taken: Iterable[str]) -> str:
    """The first private /16 that overlaps none of `taken`; '' when all do."""
    used = list(_networks(taken))
    candidates = (c for private in PRIVATE for c in private.subnets(new_prefix=LARGEST_PREFIX))
    free = (c for c in candidates if not any(c.overlaps(other) for other in used))
    return str(next(free, ""))


def of_rows(session: Session, site: Site, *, typed: str = "") -> list[str]:
    """Ranges of the site's networks, whether or not their VPCs exist yet: those around the one that
    was typed, or in it. Without it, each /16 that has one. Raises Invalid for what is no range.

    Both are found through an index, however many networks there are.
    """
    if not typed.strip():
        return [
            f"{ipaddress.IPv4Address(start // BLOCK * BLOCK)}/{LARGEST_PREFIX}"
            for start in session.execute(_blocks(site)).scalars()
        ]
    wanted = parse(typed)
    first = int(wanted.network_address) // BLOCK * BLOCK
    near = col(Network.range_start).between(first, int(wanted.broadcast_address))
    return list(session.exec(select(Network.cidr).where(site.holds(Network), near)))


def parse(cidr: str) -> ipaddress.IPv4Network:
    """The range. Raises Invalid if it is not a range, not private, or of the wrong size."""
    typed, _, mask = cidr.strip().partition("/")
    try:
        network = ipaddress.IPv4Network(cidr.strip(), strict=False)
    except ValueError as error:
        raise _bad(f"{cidr!r} is not an IPv4 range ({error}).") from None
    if "." in mask and mask != str(network.netmask):
        raise _bad(f"{cidr!r} is not an IPv4 range ({mask} is not a netmask).")
    first = ipaddress.IPv4Address(typed)
    fitting = min(max(network.prefixlen, LARGEST_PREFIX), SMALLEST_PREFIX)
    nearest = ipaddress.IPv4Network((first, fitting), strict=False)
    if not any(nearest.subnet_of(private) for private in PRIVATE):
        usable = ", ".join(map(str, PRIVATE))
        raise _bad(f"{network} is not a private range (a part of {usable}).")
    if nearest != network:
        raise Invalid(
            f"The range must be /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}; the one that contains "
            f"{first} is {nearest}. Write {nearest}.",
            field="cidr",
        )
    if first != network.network_address:
        raise Invalid(
            f"{cidr.strip()} begins inside a range; the range that contains {first} is {network}. "
            f"Write {network}.",
            field="cidr",
        )
    return network


def check(cidr: str, taken: Iterable[str]) -> str:
    """The range in its plain form. Raises Invalid, also when it overlaps one of `taken`."""
    network = parse(cidr)
    for other in _networks(taken):
        if network.overlaps(other):
            raise _bad(f"{network} overlaps {other}, which a VPC of the region or its peer uses.")
    return str(network)


def check_room(cidr: str, availability_zones: int) -> None:
    """Raises Invalid when the range has no room for the subnets of so many zones."""
    most = zones_in_range(cidr)
    if availability_zones > most:
        raise Invalid(
            f"{cidr} has room for the subnets of {most} zones, not {availability_zones}: AWS makes "
            "none smaller than /28.",
            field="availability_zones",
        )


def _blocks(site: Site) -> Select[Any]:
    """Selects the start of a range in each /16 that has one: jumps from one to the next."""
    start = col(Network.range_start)
    here: Any = select(func.min(start).label("start")).where(site.holds(Network))
    first = here.cte("blocks", recursive=True)
    after = first.c.start - first.c.start % BLOCK + BLOCK
    next_one = select(func.min(start)).where(site.holds(Network), start >= after)
    found = select(next_one.correlate(first).scalar_subquery())
    blocks = first.union_all(found.where(first.c.start.is_not(None)))
    query: Select[Any] = select(blocks.c.start)
    return query.where(blocks.c.start.is_not(None))


def _networks(cidrs: Iterable[str]) -> Iterator[ipaddress.IPv4Network]:
    return (ipaddress.IPv4Network(cidr) for cidr in cidrs)


def _bad(what: str) -> Invalid:
    return Invalid(f"{what} Write it like 10.20.0.0/16, or leave it empty.", field="cidr")
