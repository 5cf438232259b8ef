"""Networks as pages and the API show them: a row with all that belongs to it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from sqlalchemy import bindparam, or_
from sqlalchemy.exc import InvalidRequestError
from sqlmodel import Session, col, select

from webapp.aws.cloudformation.templates import subnet_cidrs
from webapp.errors import NotFound
from webapp.models import Address, Function, Network, Proof, Status
from webapp.models.function import in_networks
from webapp.models.reading import Reading
from webapp.services.addresses import pool
from webapp.services.engine import teardown
from webapp.services.engine.progress import Progress, is_just_ready, progress_of
from webapp.services.engine.teardown import Undeleted
from webapp.services.inspection import health, proofs
from webapp.services.inspection.health import Health

TYPICAL_S = 180
"""How long AWS takes for a network, until this installation has created one."""
_NETWORK = Reading(Network, col(Network.name) == bindparam("name"))
_FUNCTIONS = Reading(
    Function,
    or_(
        col(Function.network_id) == bindparam("network_id"),
        col(Function.next_network_id) == bindparam("network_id"),
    ),
    order_by=col(Function.name),
)


@dataclass(frozen=True)
class Zone:
    """One availability zone of a network, for the picture of its topology.

    `broken`: the newest probe did not arrive from the network's address.
    """

    name: str
    public_cidr: str
    private_cidr: str
    nat: bool
    address: Address | None
    broken: bool = False


@dataclass(frozen=True)
class NetworkDetail:
    """`progress` is None when nothing is under way."""

    network: Network
    addresses: list[Address]
    functions: list[Function]
    zones: list[Zone]
    undeleted: list[Undeleted]
    proofs: list[Proof]
    progress: Progress | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is about to change. A network is proven right after it becomes ready."""
        unproven = all(proof.at < self.network.updated_at for proof in self.proofs)
        return self.network.status.settled and not (unproven and is_just_ready(self.network))

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
        functions=_FUNCTIONS.all(session, network_id=network.id),
        zones=_zones(network, used, proven),
        undeleted=_undeleted(session, network),
        proofs=proven,
        progress=progress_of(session, network, typical_s=TYPICAL_S) if is_busy else None,
    )


def functions_in(session: Session, network: Network) -> list[Function]:
    """The functions that call through the network, or are being moved to it, by name."""
    mine = select(Function).where(in_networks([network.id]))
    return list(session.exec(mine.order_by(col(Function.name))))


def details_of(session: Session, rows: Sequence[Network]) -> list[NetworkDetail]:
    """Takes as many queries as for one network, and one more for each that failed."""
    ids = [network.id for network in rows]
    used = pool.by_network(session, col(Address.network_id).in_(ids))
    proven = proofs.latest_by_network(session, col(Proof.network_id).in_(ids))
    functions = defaultdict(list)
    mine = select(Function).where(in_networks(ids))
    for function in session.exec(mine.order_by(col(Function.name))):
        for network_id in function.network_ids:
            functions[network_id].append(function)
    return [
        NetworkDetail(
            network=network,
            addresses=used[network.id],
            functions=functions[network.id],
            zones=_zones(network, used[network.id], proven[network.id]),
            undeleted=_undeleted(session, network),
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
            address=address,
            broken=name in broken,
        )
        for name, (public, private), address in zip_longest(
            names, ranges, used[: network.nat_gateways]
        )
    ]


def _undeleted(session: Session, network: Network) -> list[Undeleted]:
    """Of a deletion that failed, or of an update that is done but for its NAT gateways."""
    if network.status is Status.FAILED:
        return teardown.undeleted(session, network)
    left = network.undeleted_nat_gateways
    return teardown.undeleted_by_updates(session, network, left) if left else []


def _none(name: str) -> NotFound:
    return NotFound(f"There is no network named {name}.", remedy="It may have been deleted.")
