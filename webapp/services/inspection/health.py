"""Health: what a network or function that is ready still cannot do, by what was last observed.

A status says what Egret is doing with a row. That a network is *ready* does not mean that calls get
out, nor does it mean that the partner answers a function.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from webapp.models import Address, AddressStatus, Network, Proof, Status
from webapp.models.network import NetworkFacts


class Level(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True)
class Health:
    """`text` says in a few words what is wrong; '' when nothing is."""

    level: Level = Level.OK
    text: str = ""

    @property
    def ok(self) -> bool:
        return self.level is Level.OK


class Updated(Protocol):
    """A network or function, or what was read of it."""

    @property
    def status(self) -> Status: ...

    @property
    def reason(self) -> str: ...


FINE = Health()
FAILED = Health(Level.FAILING, "Failed")
UPDATE_FAILED = Health(Level.DEGRADED, "Update failed")
IN_SERVICE = (Status.READY, Status.UPDATING)
"""What is updated goes on working, or not, as before."""


def broken_zones(network: Network, proofs: Sequence[Proof]) -> list[str]:
    """Zones from which the newest probe did not arrive from the network's address."""
    if network.status not in IN_SERVICE:
        return []
    return [proof.availability_zone for proof in proofs if not proof.ok]


def of_network(network: Network, addresses: Sequence[Address], proofs: Sequence[Proof]) -> Health:
    """The worst of: a failure, lost addresses, broken zones, an update that AWS rolled back."""
    broken = len(broken_zones(network, proofs))
    return judged(network, [address.status for address in addresses], broken, len(proofs))


def judged(
    network: NetworkFacts, addresses: Sequence[AddressStatus], broken: int, proven: int
) -> Health:
    """The same by the statuses of its addresses, in the order of its zones, and by how many of its
    zones are broken, of how many that were proven."""
    if network.status is Status.FAILED:
        return FAILED
    used = addresses[: network.nat_gateways]
    lost = sum(status is AddressStatus.LOST for status in used)
    if lost and network.status in (*IN_SERVICE, Status.PARKED):
        return _part(lost, len(used), "address", "addresses", "lost")
    if broken and network.status in IN_SERVICE:
        return _part(broken, proven, "zone", "zones", "broken")
    return _of_update(network)


def of_function(
    row: Updated, network: NetworkFacts, of_its_network: Health, failed: bool
) -> Health:
    """`failed`: the partner's last answer was no success, or there was none."""
    if row.status is Status.FAILED:
        return FAILED
    if row.status not in IN_SERVICE:
        return FINE
    if failed:
        return Health(Level.FAILING, "Calls fail")
    if network.status not in IN_SERVICE:
        level = Level.FAILING if network.status is Status.FAILED else Level.DEGRADED
        return Health(level, f"Network {network.status}")
    if of_its_network not in (FINE, UPDATE_FAILED):
        return Health(of_its_network.level, f"Network: {of_its_network.text}")
    return _of_update(row)


def _of_update(row: Updated) -> Health:
    return UPDATE_FAILED if row.status is Status.READY and row.reason else FINE


def _part(count: int, total: int, one: str, many: str, what: str) -> Health:
    """`1 of 2 zones broken`; all of them is a failure."""
    if count < total:
        return Health(Level.DEGRADED, f"{count} of {total} {many} {what}")
    if total == 1:
        return Health(Level.FAILING, f"{one.capitalize()} {what}")
    return Health(Level.FAILING, f"All {many} {what}")
