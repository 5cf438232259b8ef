"""Networks: their rules. What happens in the background is in `network_steps`."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.templates import subnet_cidrs
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import (
    Address,
    AddressStatus,
    Function,
    Nat,
    Network,
    Proof,
    Shape,
    Status,
)
from webapp.services import audit
from webapp.services.addresses import pool as addresses
from webapp.services.engine import stacks as stack_work
from webapp.services.engine import teardown
from webapp.services.engine.conflicts import joined
from webapp.services.engine.progress import Progress, progress_of
from webapp.services.engine.teardown import Left
from webapp.services.inspection import proofs
from webapp.services.names import add_named, check_environment, check_typed
from webapp.services.networks import cidrs, preflight
from webapp.services.networks import operation as network_steps
from webapp.settings import Settings

PRODUCTION = "prod"
"""Networks of this environment are protected from deletion when they are made."""

TYPICAL_S = 180
"""How long AWS takes for a network when this installation has not made one yet."""


@dataclass(frozen=True)
class Zone:
    """One availability zone of a network, as the topology picture shows it."""

    name: str
    public_cidr: str
    private_cidr: str
    nat: bool
    address: Address | None


@dataclass(frozen=True)
class NetworkDetail:
    """`progress` is None in a list."""

    network: Network
    addresses: list[Address]
    functions: list[Function]
    zones: list[Zone]
    left: list[Left]
    proofs: list[Proof]
    progress: Progress | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is about to change: what has just become ready is proven next."""
        unproven = all(proof.at < self.network.updated_at for proof in self.proofs)
        return self.network.status.settled and not (unproven and stack_work.is_fresh(self.network))


def list_all(session: Session) -> list[NetworkDetail]:
    """All of them, by as many queries as for one, and another for each that failed."""
    return _details(session, session.exec(select(Network).order_by(col(Network.name))).all())


def find(session: Session, name: str) -> Network | None:
    return session.exec(select(Network).where(Network.name == name)).first()


def get(session: Session, name: str) -> Network:
    network = find(session, name)
    if network is None:
        raise NotFound(f"There is no network named {name}.", remedy="It may have been deleted.")
    return network


def detail(session: Session, name: str) -> NetworkDetail:
    (found,) = _details(session, [get(session, name)])
    return replace(found, progress=progress_of(session, found.network, typical_s=TYPICAL_S))


def functions_in(session: Session, network: Network) -> list[Function]:
    """The functions that call through the network."""
    mine = select(Function).where(Function.network_id == network.id)
    return list(session.exec(mine.order_by(col(Function.name))))


@joined
def create(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    region: str,
    cidr: str = "",
    availability_zones: int = 2,
    nat: Nat = Nat.SINGLE,
    address_ids: list[str] | None = None,
    environment: str = "",
) -> Network:
    """Commit the intent, then begin at once: addresses first, then the stack.

    Raises QuotaExceeded, before anything is made, when the account has no room for it.
    """
    preflight.check_wish(settings, name=name, region=region, availability_zones=availability_zones)
    shape = Shape(availability_zones, nat)
    preflight.require_room(cloud, region, shape, addresses_chosen=len(address_ids or []))
    taken = preflight.ranges_in_use(session, cloud, region)
    network = Network(
        name=name,
        region=region,
        cidr=cidrs.check(cidr, taken) if cidr.strip() else cidrs.choose(taken),
        availability_zones=availability_zones,
        nat=nat,
        environment=check_environment(environment),
        protected=environment == PRODUCTION,
    )
    add_named(session, network)
    addresses.reserve(session, network, address_ids or [])
    audit.record(session, actor=actor, action="create", noun="network", name=name)
    network_steps.begin(session, cloud, settings, network)
    return network


@joined
def retry(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Another attempt at what failed: to make it, on the same addresses, or to delete it."""
    network = get(session, name)
    if network.status in stack_work.ATTEMPTED:
        return network
    if network.status is Status.FAILED and network.unwanted:
        return destroy(session, cloud, settings, actor=actor, name=name, typed=name)
    if network.status is not Status.FAILED:
        raise Conflict(f"The network {name} is {network.status}; only a failed one is tried again.")
    stack_work.request(network, Status.REQUESTED)
    audit.record(session, actor=actor, action="retry", noun="network", name=name)
    network_steps.begin(session, cloud, settings, network)
    return network


@joined
def destroy(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    typed: str,
    retain: list[str] | None = None,
) -> Network:
    """Delete the network's stack; its addresses stay. Refused while a function is in it.

    `retain` are resources that an earlier deletion could not delete, and that are left behind.
    """
    network = get(session, name)
    functions = functions_in(session, network)
    if functions:
        raise Conflict(
            f"The network {name} is used by: {', '.join(f.name for f in functions)}.",
            code="network_in_use",
            remedy="Delete these functions first.",
        )
    if network.protected:
        raise Conflict(
            f"The network {name} is protected from deletion.",
            code="network_protected",
            remedy="Switch its termination protection off first.",
        )
    check_typed(typed, name, "deleted")
    kept = _check_retained(session, network, retain or [])
    if network.status is not Status.DELETING:
        stack_work.request(network, Status.DELETING)
        network.retain = kept
        audit.record(session, actor=actor, action="delete", noun="network", name=name)
        network_steps.begin(session, cloud, settings, network)
    return network


def protect(session: Session, cloud: Cloud, *, actor: str, name: str, on: bool) -> Network:
    """Termination protection: nobody deletes it by mistake, in the AWS console neither."""
    network = get(session, name)
    if network.stack_id:
        cloud.stacks.protect(network.region, network.stack_id, on=on)
    network.protected = on
    action = "protect" if on else "unprotect"
    audit.record(session, actor=actor, action=action, noun="network", name=name)
    session.commit()
    return network


def park(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Remove the NAT gateways and their routes, and their cost; the addresses stay."""
    return _switch(session, cloud, settings, actor=actor, name=name, to=Status.PARKING)


def unpark(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Make the NAT gateways anew, on the same addresses."""
    return _switch(session, cloud, settings, actor=actor, name=name, to=Status.UNPARKING)


@joined
def _switch(
    session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str, to: Status
) -> Network:
    """Pressing twice is harmless: what is there, or on the way there, is left alone."""
    network = get(session, name)
    before, after = network_steps.SWITCHES[to]
    if network.status in (to, after):
        return network
    if network.status is not before:
        raise Conflict(
            f"The network {name} is {network.status}, not {before}.",
            code="wrong_status",
            remedy=f"Wait until it is {before}.",
        )
    if to is Status.UNPARKING:
        _check_not_lost(session, network)
    stack_work.request(network, to)
    audit.record(session, actor=actor, action=to.value, noun="network", name=name)
    network_steps.begin(session, cloud, settings, network)
    return network


def _details(session: Session, rows: Sequence[Network]) -> list[NetworkDetail]:
    ids = [network.id for network in rows]
    used = addresses.by_network(session, col(Address.network_id).in_(ids))
    proven = proofs.latest_by_network(session, col(Proof.network_id).in_(ids))
    functions = defaultdict(list)
    mine = select(Function).where(col(Function.network_id).in_(ids))
    for function in session.exec(mine.order_by(col(Function.name))):
        functions[function.network_id].append(function)
    return [
        NetworkDetail(
            network=network,
            addresses=used[network.id],
            functions=functions[network.id],
            zones=_zones(network, used[network.id]),
            left=_left(session, network),
            proofs=proven[network.id],
        )
        for network in rows
    ]


def _zones(network: Network, used: list[Address]) -> list[Zone]:
    names = network.output_list("AvailabilityZones") or [
        f"{network.region}{letter}" for letter in "abc"[: network.availability_zones]
    ]
    ranges = subnet_cidrs(network.cidr, network.availability_zones)
    parked = network.status is Status.PARKED
    return [
        Zone(name, public, private, nat=bool(address) and not parked, address=address)
        for name, (public, private), address in zip_longest(
            names, ranges, used[: network.nat_gateways]
        )
    ]


def _check_not_lost(session: Session, network: Network) -> None:
    used = addresses.of_network(session, network.id)
    lost = [address.public_ip or "" for address in used if address.status is AddressStatus.LOST]
    if lost:
        raise Conflict(
            f"{', '.join(lost)} of {network.name} was released outside Egret.",
            code="address_lost",
            remedy="Ask AWS for it again first, on the page of the addresses.",
        )


def _check_retained(session: Session, network: Network, retain: list[str]) -> list[str]:
    known = {resource.logical_id for resource in teardown.left(session, network)}
    unknown = [logical_id for logical_id in retain if logical_id not in known]
    if unknown:
        raise Invalid(
            f"{', '.join(unknown)} cannot be left behind: only what a deletion could not delete.",
            field="retain",
        )
    return retain


def _left(session: Session, network: Network) -> list[Left]:
    return teardown.left(session, network) if network.status is Status.FAILED else []
