"""Whether a key allows the addresses that a network calls from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

PARSED_MAX = 4096
"""Texts of which it is remembered which numbers they are."""


@dataclass(frozen=True)
class Coverage:
    """`paste` is the text for the partner's portal: all addresses, one per line."""

    allowed: tuple[str, ...]
    missing: tuple[str, ...]
    paste: str


def coverage(cidrs: Iterable[str], addresses: Sequence[str]) -> Coverage:
    """Which of the addresses the ranges allow. A text that is not a range allows nothing."""
    ranges = [found for found in map(_range, cidrs) if found]
    allowed = [ip for ip in addresses if _is_in(ranges, _number(ip))]
    found = {*allowed}
    missing = [ip for ip in addresses if ip not in found]
    return Coverage(tuple(allowed), tuple(missing), "\n".join(addresses))


def _is_in(ranges: Sequence[tuple[int, int]], number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)


@lru_cache(PARSED_MAX)
def _number(address: str) -> int:
    return int(IPv4Address(address))


@lru_cache(PARSED_MAX)
def _range(cidr: str) -> tuple[int, int] | None:
    """Its first and last address."""
    try:
        network = IPv4Network(cidr.strip(), strict=False)
    except ValueError:
        return None
    return int(network.network_address), int(network.broadcast_address)
