"""What people do with a network: create it, try again, park and unpark it, protect and delete it.

Each service checks its rules and commits an intent; `operation` carries it out.
"""

from sqlmodel import Session

from webapp.aws.cloudformation.templates import NetworkStack
from webapp.errors import Conflict, Invalid
from webapp.models import Network, NewNetwork, Status, utc_now
from webapp.scope import CloudScope
from webapp.services import names
from webapp.services.addresses import capacity, pool
from webapp.services.addresses.capacity import Need
from webapp.services.engine import teardown
from webapp.services.engine.intents import UNDER_WAY, intend, retry_on_conflict
from webapp.services.keys import uses
from webapp.services.networks import cidrs, preflight
from webapp.services.networks.details import get, read_again
from webapp.services.networks.operation import SWITCHES, NetworkOperation

PRODUCTION = "prod"
"""A network in this environment is protected from deletion when it is created."""


@retry_on_conflict
def create(scope: CloudScope, new: NewNetwork) -> Network:
    """Commit the intent, then begin at once: addresses first, then the stack.

    Raises Invalid for every field that breaks a rule, Conflict for what is taken, QuotaExceeded
    when the account has no room; nothing was created then.
    """
    session, settings, region = scope.session, scope.settings, new.region
    site = preflight.check_rules(session, settings, new)
    cloud = scope.cloud_of(site)
    zones = preflight.choose_zones(cloud, new)
    need = preflight.need_of(new, zones)
    reading = capacity.read(scope, site, need)
    in_aws = cloud.vpcs.cidrs(region, now=bool(new.cidr.strip()))
    with capacity.one_at_a_time(session, site):
        names.check_free(session, Network, new.name)
        capacity.require(capacity.fill(session, settings, reading), need)
        taken = in_aws + cidrs.of_rows(session, site, typed=new.cidr)
        network = Network(
            name=new.name,
            account_id=site.account_id,
            region=region,
            cidr=cidrs.check(new.cidr, taken) if new.cidr.strip() else cidrs.choose(taken),
            availability_zones=new.availability_zones,
            nat=new.nat,
            zones=zones,
            environment=new.environment,
            tags=new.tags,
            protected=new.environment == PRODUCTION,
        )
        names.add_named(session, network)
        pool.reserve(session, network, new)
        scope.record("create", network)
    NetworkOperation.begin(scope, network)
    return network


@retry_on_conflict
def retry(scope: CloudScope, name: str) -> Network:
    """Try again what failed: creating the network, on the same addresses; deleting it, or what an
    update of it left."""
    network = get(scope.session, name)
    if network.status in UNDER_WAY:
        return network
    if network.undeleted_nat_gateways and network.status in (Status.READY, Status.PARKED):
        network.attempts, network.started_at = 1, utc_now()
        scope.record("retry", network)
        NetworkOperation.begin(scope, network)
        return network
    if network.status is Status.FAILED and network.unwanted:
        return delete(scope, name, typed=name)
    if network.status is not Status.FAILED:
        raise Conflict(
            f"The network {name} is {network.status}; only a failed one can be retried.",
            about=[network],
        )
    pool.check_none_lost(scope.session, network)
    _begin_again(scope, network)
    return network


@retry_on_conflict
def delete(scope: CloudScope, name: str, *, typed: str, retain: list[str] | None = None) -> Network:
    """Delete the network's stack; its addresses stay. Refused while a function is in it.

    `retain` names what the last deletion could not delete and this one retains.
    """
    network = get(scope.session, name)
    _check_deletable(scope.session, network)
    names.check_typed(typed, name, "deleted")
    kept = _check_retained(scope.session, network, retain or [])
    if network.status is not Status.DELETING:
        intend(network, Status.DELETING)
        network.retain = kept
        scope.record("delete", network)
        NetworkOperation.begin(scope, network)
    return network


def protect(scope: CloudScope, name: str, *, on: bool) -> Network:
    """Switch termination protection on or off, here and in CloudFormation.

    Raises Conflict while the network is being deleted: its stack may be gone at any moment.
    """
    network = get(scope.session, name)
    if network.status is Status.DELETING:
        raise Conflict(
            f"The network {name} is being deleted.",
            code="wrong_status",
            remedy="Wait until it is gone, or until its deletion has failed.",
            about=[network],
        )
    if network.stack_id:
        stacks = scope.cloud_of(network).stacks
        stacks.protect(network.region, network.stack_id, on=on)
    network.protected = on
    scope.record("protect" if on else "unprotect", network)
    scope.session.commit()
    return network


def park(scope: CloudScope, name: str) -> Network:
    """Delete the NAT gateways and their routes, and so their cost; the addresses stay."""
    return _switch(scope, name, to=Status.PARKING)


@retry_on_conflict
def unpark(scope: CloudScope, name: str) -> Network:
    """Create the NAT gateways again, on the same addresses. Raises QuotaExceeded without room."""
    session, network = scope.session, get(scope.session, name)
    if network.status is not Status.PARKED:
        return _switch(scope, name, to=Status.UNPARKING)
    pool.check_none_lost(session, network)
    need = Need(nat_zones=network.planned_zones[: network.nat_gateways])
    reading = capacity.read(scope, network.site, need)
    with capacity.one_at_a_time(session, network.site):
        read_again(session, network)
        if network.status is Status.PARKED:  # otherwise another request was first
            capacity.require(capacity.fill(session, scope.settings, reading), need)
        return _switch(scope, name, to=Status.UNPARKING)


@retry_on_conflict
def _switch(scope: CloudScope, name: str, *, to: Status) -> Network:
    """Asking twice is harmless: a network that is there, or on its way, is left alone."""
    network = get(scope.session, name)
    before, after = SWITCHES[to]
    if network.status in (to, after):
        return network
    if network.status is not before:
        raise Conflict(
            f"The network {name} is {network.status}, not {before}.",
            code="wrong_status",
            remedy=f"Wait until it is {before}; if it failed, try it again first.",
            about=[network],
        )
    intend(network, to)
    scope.record(to.value, network)
    NetworkOperation.begin(scope, network)
    return network


def _begin_again(scope: CloudScope, network: Network) -> None:
    """Create a failed network again. It needs room like a new one, but for what it still has."""
    session = scope.session
    stack = NetworkStack.stack_name(scope.settings.name_prefix, network.name)
    missing = [a for a in pool.of_network(session, network.id) if not a.allocation_id]
    with_nat = network.planned_zones[: network.nat_gateways]
    need = Need(len(missing), vpcs=1, nat_zones=with_nat)
    reading = capacity.read(scope, network.site, need)
    with capacity.one_at_a_time(session, network.site):
        read_again(session, network)
        if network.status is not Status.FAILED or network.unwanted:  # another request was first
            session.commit()
            return
        capacity.require(capacity.fill(session, scope.settings, reading), need, has=stack)
        intend(network, Status.REQUESTED)
        scope.record("retry", network)
    NetworkOperation.begin(scope, network)


def _check_deletable(session: Session, network: Network) -> None:
    if users := uses.in_networks(session, [network.id])[network.id]:
        raise Conflict(
            f"The network {network.name} is used by: {users}.",
            code="network_in_use",
            remedy="Delete these functions first.",
            about=uses.rows_of(session, users),
        )
    if network.protected:
        raise Conflict(
            f"The network {network.name} is protected from deletion.",
            code="network_protected",
            remedy="Turn off its protection first.",
            link=(f"{network.page}#deletion", "Open its protection"),
        )


def _check_retained(session: Session, network: Network, retain: list[str]) -> list[str]:
    known = {resource.logical_id for resource in teardown.undeleted(session, network)}
    unknown = [logical_id for logical_id in retain if logical_id not in known]
    if unknown:
        raise Invalid(
            f"{', '.join(unknown)} cannot be retained: only undeleted resources can.",
            field="retain",
        )
    return retain
