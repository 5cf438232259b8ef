"""The steps by which a network comes to be, is parked, grows and goes; each may be run twice."""

from dataclasses import asdict
from functools import partial

from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import ROLLED_BACK, Phase, Plan
from webapp.aws.cloudformation.templates import NetworkStack
from webapp.aws.errors import QuotaExceeded, is_transient, quota_in
from webapp.errors import Conflict, EgretError
from webapp.models import AddressStatus, Function, Network, Status
from webapp.models.base import new_id
from webapp.models.network import NAT_GATEWAY_IDS
from webapp.services.addresses import pool as addresses
from webapp.services.engine import foundation, leases, teardown
from webapp.services.engine import stacks as stack_work
from webapp.services.engine.leases import Step, Work
from webapp.services.inspection import proofs
from webapp.settings import Settings

SWITCHES = {
    Status.PARKING: (Status.READY, Status.PARKED),
    Status.UNPARKING: (Status.PARKED, Status.READY),
}
"""What a switch needs, and what it leads to."""


def step(cloud: Cloud, settings: Settings) -> Step:
    """What the background loop does with a network that is due."""
    return stack_work.step(
        Network,
        {
            Status.REQUESTED: partial(_request, cloud, settings),
            Status.CREATING: partial(_create, cloud),
            Status.READY: partial(_propose, cloud, settings),
            Status.UPDATING: partial(_grow, cloud, settings),
            Status.DELETING: partial(_delete, cloud, settings),
            Status.PARKING: partial(_switch, cloud, settings),
            Status.UNPARKING: partial(_switch, cloud, settings),
        },
    )


def begin(session: Session, cloud: Cloud, settings: Settings, network: Network) -> None:
    """Commit the intent and take the first step at once; the background goes on with it."""
    work = leases.begin(session, network.owner, lease_s=settings.lease_s)
    if work:
        leases.attempt(work, step(cloud, settings))


def stack(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    network: Network,
    *,
    parked: bool = False,
    grown: bool = False,
) -> NetworkStack:
    """The network as CloudFormation shall make it: as it is, parked, or with its change."""
    wanted = network.wanted if grown and network.wanted else network.shape
    used = addresses.of_network(session, network.id)[: wanted.nat_gateways]
    return NetworkStack(
        prefix=settings.name_prefix,
        name=network.name,
        region=network.region,
        cidr=network.cidr,
        zones=_zones(cloud, network, wanted.availability_zones),
        nat=wanted.nat.value,
        allocation_ids=tuple(address.allocation_id or "" for address in used),
        echo_url=settings.echo_origins,
        permissions_boundary_arn=settings.permissions_boundary_arn,
        parked=parked,
        protected=network.protected,
    )


def _request(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    """Addresses first, each committed as soon as it is known; then the stack."""
    _ensure_addresses(cloud, work, network)
    foundation.prepare(cloud, settings)
    plan = stack(work.session, cloud, settings, network).plan()
    stack_work.start(work, cloud, network, plan)


def _create(cloud: Cloud, work: Work, network: Network) -> None:
    found = stack_work.follow(work, cloud, network, network.region)
    if found:
        reached = Status.READY if NAT_GATEWAY_IDS in found.outputs else Status.PARKED
        tell = partial(_with_quota, cloud, network)
        stack_work.settle(work, network, found, network.region, reached=reached, tell=tell)
        _prove(cloud, work, network)


def _switch(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    before, after = SWITCHES[network.status]
    parked = after is Status.PARKED
    plan = stack(work.session, cloud, settings, network, parked=parked).plan()
    found = stack_work.change(work, cloud, network, plan)
    if found:
        stack_work.settle_change(work, network, found, network.region, reached=after, back=before)
        _prove(cloud, work, network)


def _propose(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    """Addresses for a proposed change, and its preview. What AWS refuses is withdrawn."""
    try:
        _ensure_addresses(cloud, work, network)
        if network.change and not network.change["preview"]:
            plan = stack(work.session, cloud, settings, network, grown=True).plan()
            network.change = {**network.change, "preview": _preview(cloud, network, plan)}
    except EgretError as error:
        if is_transient(error):
            raise
        work.session.rollback()
        work.session.refresh(network)
        withdraw(work.session, cloud, network)
        network.reason, network.remedy = error.detail, error.remedy
    work.finish()


def _preview(cloud: Cloud, network: Network, plan: Plan) -> list[dict[str, str]]:
    """What CloudFormation would change. Raises Conflict when it would replace or remove a thing."""
    assert network.stack_id  # noqa: S101 - a network that is ready has one
    changes = cloud.stacks.preview(plan, network.stack_id, name=f"preview-{new_id()}")
    harmful = [f"{change.logical_id} ({change.action})" for change in changes if change.harmful]
    if harmful:
        raise Conflict(
            f"CloudFormation would replace or remove: {', '.join(harmful)}. That would interrupt "
            "calls, so the change was withdrawn and nothing was done.",
            remedy="Look at the differences of the network: somebody may have changed it outside "
            "Egret.",
        )
    return [asdict(change) for change in changes]


def withdraw(session: Session, cloud: Cloud, network: Network) -> None:
    """Forget a proposed change; the addresses that were allocated for it are free."""
    proposed = addresses.of_network(session, network.id)[network.nat_gateways :]
    network.change = {}
    for address in proposed:
        addresses.set_free(session, cloud, address)


def _grow(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    _ensure_addresses(cloud, work, network)
    plan = stack(work.session, cloud, settings, network, grown=True).plan()
    found = stack_work.change(work, cloud, network, plan)
    if found:
        if found.phase is Phase.DONE and found.status != ROLLED_BACK and network.wanted:
            network.availability_zones = network.wanted.availability_zones
            network.nat = network.wanted.nat
            network.change = {}
            _spread_functions(work.session, network)
        stack_work.settle_change(
            work, network, found, network.region, reached=Status.READY, back=Status.READY
        )
        _prove(cloud, work, network)


def _spread_functions(session: Session, network: Network) -> None:
    """The network's functions shall run in all of its zones; committed together with its shape."""
    mine = select(Function).where(
        Function.network_id == network.id, Function.status == Status.READY
    )
    for function in session.exec(mine):
        stack_work.request(function, Status.UPDATING)
        leases.schedule(session, function.owner)


def _delete(cloud: Cloud, settings: Settings, work: Work, network: Network) -> None:
    name = NetworkStack.stack_name(settings.name_prefix, network.name)
    if teardown.delete(cloud, work, network, region=network.region, stack_name=name):
        addresses.let_go(work.session, cloud, network)
        stack_work.forget(work.session, network)
        work.finish()


def _prove(cloud: Cloud, work: Work, network: Network) -> None:
    """Whoever waits for *ready* waits for the proof too; a network that is not has none."""
    if network.status is Status.READY:
        proofs.prove(work.session, cloud, network, actor="egret")


def _ensure_addresses(cloud: Cloud, work: Work, network: Network) -> None:
    for address in addresses.of_network(work.session, network.id):
        try:
            addresses.ensure(work.session, cloud, address)
        except QuotaExceeded as error:
            error.detail = _with_quota(cloud, network, error.detail)
            raise
        address.status = AddressStatus.IN_USE
        work.commit()


def _with_quota(cloud: Cloud, network: Network, reason: str) -> str:
    """The reason; when a quota filled up half way, with its use and limit, if AWS will tell."""
    kind = quota_in(reason)
    if kind is None:
        return reason
    try:
        zones = _zones(cloud, network, network.nat_gateways)
        found = cloud.quotas.read(network.region, list(zones))
    except EgretError:
        return reason
    used = ", ".join(str(quota) for quota in found if quota.kind is kind)
    return f"{reason} In use now: {used}."


def _zones(cloud: Cloud, network: Network, count: int) -> tuple[str, ...]:
    """The zones that it has, in their order; then others of the region."""
    names = network.output_list("AvailabilityZones")
    if len(names) < count:
        offered = cloud.vpcs.availability_zones(network.region)
        names += [zone for zone in offered if zone not in names]
    return tuple(names[:count])
