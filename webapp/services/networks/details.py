"""Networks as pages and the API show them: a row with all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlalchemy.exc import InvalidRequestError
from sqlmodel import Session, col, select

from webapp.aws.cloudformation.templates import subnet_cidrs
from webapp.errors import NotFound
from webapp.models import Address, AddressStatus, Function, Network, Proof, Status
from webapp.models.reading import Reading
from webapp.services.addresses import pool
from webapp.services.engine import events, teardown
from webapp.services.engine.progress import Progress, is_just_ready, progress_of
from webapp.services.engine.teardown import Undeleted
from webapp.services.inspection import health, proofs
from webapp.services.inspection.health import Health
from webapp.services.keys import uses

DRAWN_MAX = 2
"""So many functions are named in the picture."""
TYPICAL_S = 180
"""How long AWS takes for a network, until this installation has created one."""
_NETWORK = Reading(Network, col(Network.name) == bindparam("name"))


class Zone(NamedTuple):
    """One availability zone of a network, for the picture of its topology.

    `nat`: it has a NAT gateway. `address` is that of it, or of the one that was removed; '' before
    it is allocated. `broken`: the newest probe did not arrive from the network's address.
    """

    name: str
    public_cidr: str
    private_cidr: str
    nat: bool
    address: str | None
    lost: bool
    broken: bool


class Topology(NamedTuple):
    """All that the picture of a network shows. `functions` are the names of the first ones, of
    `function_count`, or of more."""

    name: str
    cidr: str
    parked: bool
    zones: tuple[Zone, ...]
    functions: tuple[str, ...]
    function_count: int
    more: bool


@dataclass(frozen=True)
class NetworkDetail:
    """`functions` are the first by name. `progress` is None when nothing is under way."""

    network: Network
    addresses: list[Address]
    functions: uses.Users
    zones: list[Zone]
    undeleted: list[Undeleted]
    proofs: list[Proof]
    progress: Progress | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is about to change. A network is proven right after it becomes ready."""
        unproven = all(proof.at < self.network.updated_at for proof in self.proofs)
        return self.network.status.settled and not (unproven and is_just_ready(self.network))

    @property
    def topology(self) -> Topology:
        return Topology(
            self.network.name,
            self.network.cidr,
            self.network.status is Status.PARKED,
            tuple(self.zones),
            tuple(user.name for user in self.functions[:DRAWN_MAX]),
            len(self.functions),
            self.functions.more,
        )

    @cached_property
    def health(self) -> Health:
        return health.of_network(self.network, self.addresses, self.proofs)

    @cached_property
    def broken_zones(self) -> list[str]:
        return health.broken_zones(self.network, self.proofs)


def find(session: Session, name: str) -> Network | None:
    return session.exec(select(Network).where(Network.name == name)).first()


def get(session: Session, name: str) -> Network:
    network = find(session, name)
    if network is None:
        raise _none(name)
    return network


def named(session: Session, names: Sequence[str]) -> list[Network]:
    """The networks with those names."""
    return list(session.exec(select(Network).where(col(Network.name).in_(names))))


def read_again(session: Session, network: Network) -> None:
    """What another request may have changed. Raises NotFound if it deleted the network."""
    name = network.name
    try:
        session.refresh(network)
    except InvalidRequestError:
        raise _none(name) from None


def detail(session: Session, name: str) -> NetworkDetail:
    """Of rows that cannot be changed. Raises NotFound."""
    network = _NETWORK.first(session, name=name)
    if network is None:
        raise _none(name)
    used, proven = pool.read(session, network.id), proofs.latest_of(session, network.id)
    is_busy = not network.status.settled
    return NetworkDetail(
        network=network,
        addresses=used,
        functions=uses.in_networks(session, [network.id])[network.id],
        zones=_zones(network, used, proven),
        undeleted=_undeleted(session, [network])[network.id],
        proofs=proven,
        progress=progress_of(session, network, typical_s=TYPICAL_S) if is_busy else None,
    )


def functions_in(session: Session, network: Network) -> list[Function]:
    """The first functions that call through the network, or are being moved to it, by name."""
    return uses.rows_of(session, uses.in_networks(session, [network.id])[network.id])


def details_of(session: Session, rows: Sequence[Network]) -> list[NetworkDetail]:
    """Takes as many queries as for one network."""
    ids = [network.id for network in rows]
    used = pool.by_network(session, col(Address.network_id).in_(ids))
    proven = proofs.latest_by_network(session, col(Proof.network_id).in_(ids))
    functions, undeleted = uses.in_networks(session, ids), _undeleted(session, rows)
    return [
        NetworkDetail(
            network=network,
            addresses=used[network.id],
            functions=functions[network.id],
            zones=_zones(network, used[network.id], proven[network.id]),
            undeleted=undeleted[network.id],
            proofs=proven[network.id],
        )
        for network in rows
    ]


def _zones(network: Network, used: list[Address], proven: list[Proof]) -> list[Zone]:
    names = network.planned_zones or [
        f"{network.region}{letter}" for letter in "abc"[: network.availability_zones]
    ]
    ranges = subnet_cidrs(network.cidr, network.availability_zones)
    parked = network.status is Status.PARKED
    broken = health.broken_zones(network, proven)
    return [
        Zone(
            name,
            public,
            private,
            nat=bool(address) and not parked,
            address=(address.public_ip or "") if address else None,
            lost=bool(address) and address.status is AddressStatus.LOST,
            broken=name in broken,
        )
        for name, (public, private), address in zip_longest(
            names, ranges, used[: network.nat_gateways]
        )
    ]


def _undeleted(session: Session, rows: Sequence[Network]) -> dict[str, list[Undeleted]]:
    """By the network's id: of deletions that failed, or of updates that are done but for their NAT
    gateways."""
    failed = [network for network in rows if network.status is Status.FAILED]
    left = {network.id: network.undeleted_nat_gateways for network in rows if network not in failed}
    some = [network for network in rows if network in failed or left[network.id]]
    told = events.of_each(session, some)
    return {
        network.id: teardown.undeleted(session, network, told[network.owner])
        if network in failed
        else teardown.undeleted_by_updates(told[network.owner], left[network.id])
        for network in rows
    }


def _none(name: str) -> NotFound:
    return NotFound(f"There is no network named {name}.", remedy="It may have been deleted.")
