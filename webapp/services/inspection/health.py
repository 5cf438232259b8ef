"""Health: what a network or function that is ready still cannot do, by what was last observed.

A status says what Egret is doing with a row. That a network is *ready* does not mean that calls get
out, nor does it mean that the partner answers a function.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.models import Address, AddressStatus, Network, Proof, StackRow, Status


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
    if network.status is Status.FAILED:
        return FAILED
    used = addresses[: network.nat_gateways]
    lost = sum(address.status is AddressStatus.LOST for address in used)
    broken = len(broken_zones(network, proofs))
    if lost and network.status in (*IN_SERVICE, Status.PARKED):
        return _part(lost, len(used), "address", "addresses", "lost")
    if broken:
        return _part(broken, len(proofs), "zone", "zones", "broken")
    return _of_update(network)


def of_function(row: StackRow, network: Network, of_its_network: Health, failed: bool) -> Health:
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


def _of_update(row: StackRow) -> Health:
    return UPDATE_FAILED if row.status is Status.READY and row.reason else FINE


def _part(count: int, total: int, one: str, many: str, what: str) -> Health:
    """`1 of 2 zones broken`; all of them is a failure."""
    if count < total:
        return Health(Level.DEGRADED, f"{count} of {total} {many} {what}")
    if total == 1:
        return Health(Level.FAILING, f"{one.capitalize()} {what}")
    return Health(Level.FAILING, f"All {many} {what}")
