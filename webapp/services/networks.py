"""Networks: their rules, and the steps by which one comes to be and goes."""

from dataclasses import dataclass
from functools import partial
from itertools import zip_longest

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.stack_templates import NetworkStack, subnet_cidrs
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import (
    MAX_ZONES,
    Address,
    AddressStatus,
    Function,
    Nat,
    Network,
    Proof,
    Status,
)
from webapp.services import addresses, audit, cidrs, foundation, leases, proofs, stack_work
from webapp.services.leases import Step, Work
from webapp.services.names import add_named, check_name, check_typed
from webapp.services.progress import Progress, progress_of
from webapp.settings import Settings

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
    network: Network
    addresses: list[Address]
    functions: list[Function]
    zones: list[Zone]
    proofs: list[Proof]
    progress: Progress


def list_all(session: Session) -> list[NetworkDetail]:
    rows = session.exec(select(Network).order_by(col(Network.name))).all()
    return [_detail(session, network) for network in rows]


def get(session: Session, name: str) -> Network:
    network = session.exec(select(Network).where(Network.name == name)).first()
    if network is None:
        raise NotFound(f"There is no network named {name}.", remedy="It may have been deleted.")
    return network


def detail(session: Session, name: str) -> NetworkDetail:
    return _detail(session, get(session, name))


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
) -> Network:
    """Commit the intent, then begin at once: addresses first, then the stack."""
    check_name(name)
    _check_region(settings, region)
    if not 1 <= availability_zones <= MAX_ZONES:
        raise Invalid(f"A network has 1 to {MAX_ZONES} zones.", field="availability_zones")
    taken = cloud.vpcs.cidrs(region) + _cidrs_of_rows(session, region)
    network = Network(
        name=name,
        region=region,
        cidr=cidrs.check(cidr, taken) if cidr.strip() else cidrs.choose(taken),
        availability_zones=availability_zones,
        nat=nat,
    )
    add_named(session, network)
    addresses.reserve(session, network, address_ids or [])
    audit.record(session, actor=actor, action="create", noun="network", name=name)
    _begin(session, cloud, settings, network)
    return network


def retry(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Another attempt at a network that failed, on the same addresses."""
    network = get(session, name)
    if network.status is not Status.FAILED:
        raise Conflict(f"The network {name} is {network.status}; only a failed one is tried again.")
    stack_work.request(network, Status.REQUESTED)
    audit.record(session, actor=actor, action="retry", noun="network", name=name)
    _begin(session, cloud, settings, network)
    return network


def destroy(
    session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str, typed: str
) -> Network:
    """Delete the network's stack; its addresses stay. Refused while a function is in it."""
    network = get(session, name)
    functions = _functions(session, network)
    if functions:
        raise Conflict(
            f"The network {name} is used by: {', '.join(f.name for f in functions)}.",
            code="network_in_use",
            remedy="Delete these functions first.",
        )
    check_typed(typed, name, "deleted")
    if network.status is not Status.DELETING:
        stack_work.request(network, Status.DELETING)
        audit.record(session, actor=actor, action="delete", noun="network", name=name)
        _begin(session, cloud, settings, network)
    return network


def park(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Remove the NAT gateways and their routes, and their cost; the addresses stay."""
    return _switch(session, cloud, settings, actor=actor, name=name, to=Status.PARKING)


def unpark(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Make the NAT gateways anew, on the same addresses."""
    return _switch(session, cloud, settings, actor=actor, name=name, to=Status.UNPARKING)


def _switch(
    session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str, to: Status
) -> Network:
    """Pressing twice is harmless: what is there, or on the way there, is left alone."""
    network = get(session, name)
    before, after = _SWITCHES[to]
    if network.status in (to, after):
        return network
    if network.status is not before:
        raise Conflict(
            f"The network {name} is {network.status}, not {before}.",
            code="wrong_status",
            remedy=f"Wait until it is {before}.",
        )
    stack_work.request(network, to)
    audit.record(session, actor=actor, action=to.value, noun="network", name=name)
    _begin(session, cloud, settings, network)
    return network


_SWITCHES = {
    Status.PARKING: (Status.READY, Status.PARKED),
    Status.UNPARKING: (Status.PARKED, Status.READY),
}


def step(cloud: Cloud, settings: Settings) -> Step:
    """What the background loop does with a network that is due."""
    return stack_work.step(
        Network,
        {
            Status.REQUESTED: partial(_request, cloud, settings),
            Status.CREATING: partial(_create, cloud),
            Status.DELETING: partial(_delete, cloud, settings),
            Status.PARKING: partial(_change, cloud, settings),
            Status.UNPARKING: partial(_change, cloud, settings),
        },
    )


def _request(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    """Addresses first, each committed as soon as it is known; then the stack."""
    for address in addresses.of_network(work.session, network.id):
        addresses.ensure(work.session, cloud, address, name=f"egret {network.name}")
        address.status = AddressStatus.IN_USE
        work.commit()
    foundation.prepare(cloud, settings)
    plan = _stack(work.session, cloud, settings, network).plan()
    stack_work.start(work, cloud, network, plan)


def _create(cloud: Cloud, work: Work, network: Network) -> None:
    stack = stack_work.follow(work, cloud, network, network.region)
    if stack:
        stack_work.settle(work, network, stack, network.region)
        _prove(cloud, work, network)


def _change(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    before, after = _SWITCHES[network.status]
    parked = after is Status.PARKED
    plan = _stack(work.session, cloud, settings, network, parked=parked).plan()
    network.resource_count = plan.resource_count
    stack = stack_work.change(work, cloud, network, plan)
    if stack:
        stack_work.settle_change(work, network, stack, network.region, reached=after, back=before)
        _prove(cloud, work, network)


def _prove(cloud: Cloud, work: Work, network: Network) -> None:
    """Whoever waits for *ready* waits for the proof too; a network that is not has none."""
    if network.status is Status.READY:
        proofs.prove(work.session, cloud, network, actor="egret")


def _delete(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    name = NetworkStack.stack_name(settings.name_prefix, network.name)
    if stack_work.delete(cloud, work, network, region=network.region, stack_name=name):
        addresses.let_go(work.session, network)
        stack_work.forget(work.session, network)
        work.finish()


def _begin(session: Session, cloud: Cloud, settings: Settings, network: Network) -> None:
    """Commit the intent and take the first step at once; the background goes on with it."""
    work = leases.begin(session, network.owner)
    if work:
        leases.attempt(work, step(cloud, settings))


def _stack(
    session: Session, cloud: Cloud, settings: Settings, network: Network, *, parked: bool = False
) -> NetworkStack:
    used = addresses.of_network(session, network.id)
    names = network.output_list("AvailabilityZones")
    zones = names or cloud.vpcs.availability_zones(network.region)
    return NetworkStack(
        prefix=settings.name_prefix,
        name=network.name,
        region=network.region,
        cidr=network.cidr,
        zones=tuple(zones[: network.availability_zones]),
        nat=network.nat.value,
        allocation_ids=tuple(address.allocation_id or "" for address in used),
        echo_url=settings.origin(settings.echo_url),
        permissions_boundary_arn=settings.permissions_boundary_arn,
        parked=parked,
    )


def _zones(network: Network, used: list[Address]) -> list[Zone]:
    names = network.output_list("AvailabilityZones") or [
        f"{network.region}{letter}" for letter in "abc"[: network.availability_zones]
    ]
    ranges = subnet_cidrs(network.cidr, network.availability_zones)
    parked = network.status is Status.PARKED
    return [
        Zone(name, public, private, nat=bool(address) and not parked, address=address)
        for name, (public, private), address in zip_longest(names, ranges, used)
    ]


def _functions(session: Session, network: Network) -> list[Function]:
    mine = select(Function).where(Function.network_id == network.id)
    return list(session.exec(mine.order_by(col(Function.name))))


def _cidrs_of_rows(session: Session, region: str) -> list[str]:
    """Ranges of our own networks, also of those whose VPC is not there yet."""
    return list(session.exec(select(Network.cidr).where(Network.region == region)))


def _check_region(settings: Settings, region: str) -> None:
    if region not in settings.region_names:
        raise Invalid(
            f"The region {region!r} is not offered here.",
            remedy=f"Choose one of: {', '.join(settings.region_names)}.",
            field="region",
        )


def _detail(session: Session, network: Network) -> NetworkDetail:
    used = addresses.of_network(session, network.id)
    return NetworkDetail(
        network=network,
        addresses=used,
        functions=_functions(session, network),
        zones=_zones(network, used),
        proofs=proofs.latest(session, network),
        progress=progress_of(session, network, typical_s=TYPICAL_S),
    )
