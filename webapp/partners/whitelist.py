"""Whether a key allows the addresses that a network calls from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError


@dataclass(frozen=True)
class Coverage:
    """`paste` is what to put into the partner's portal: all addresses, one per line."""

    allowed: tuple[str, ...]
    missing: tuple[str, ...]
    paste: str


def allows(cidrs: Iterable[str], addresses: Sequence[str]) -> Coverage:
    """Compare a key's ranges, as typed in the portal, with addresses."""
    ranges = list(cidrs)
    inside = [ip for ip in addresses if allows_address(ranges, IPv4Address(ip))]
    missing = [ip for ip in addresses if ip not in inside]
    return Coverage(tuple(inside), tuple(missing), "\n".join(addresses))


def allows_address(cidrs: Iterable[str], address: IPv4Address) -> bool:
    return any(address in network for network in map(_network, cidrs) if network)


def _network(cidr: str) -> IPv4Network | None:
    try:
        return IPv4Network(cidr.strip(), strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
