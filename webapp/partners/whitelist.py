"""Whether a key allows the addresses that a network calls from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True)
class Coverage:
    """`paste` is the text for the partner's portal: all addresses, one per line."""

    allowed: tuple[str, ...]
    missing: tuple[str, ...]
    paste: str


def coverage(cidrs: Iterable[str], addresses: Sequence[str]) -> Coverage:
    """Which of the addresses the ranges allow. A text that is not a range allows nothing."""
    ranges = list(cidrs)
    allowed = [ip for ip in addresses if allows_address(ranges, IPv4Address(ip))]
    missing = [ip for ip in addresses if ip not in allowed]
    return Coverage(tuple(allowed), tuple(missing), "\n".join(addresses))


def allows_address(cidrs: Iterable[str], address: IPv4Address) -> bool:
    return any(address in network for network in map(_network, cidrs) if network)


def _network(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr.strip(), strict=False)
    except ValueError:
        return None
