"""What people do with a network: create it, try again, park and unpark it, protect and delete it.

Each service checks its rules and commits an intent; `operation` carries it out.
"""

from sqlmodel import Session

from webapp.errors import Conflict, Invalid
from webapp.models import AddressStatus, Network, NewNetwork, Status
from webapp.services import names
from webapp.services.addresses import pool
from webapp.services.engine import teardown
from webapp.services.engine.conflicts import retry_on_conflict
from webapp.services.engine.operation import UNDER_WAY, intend
from webapp.services.networks import cidrs, preflight
from webapp.services.networks.details import functions_in, get
from webapp.services.networks.operation import SWITCHES, NetworkOperation
from webapp.services.scope import CloudScope

PRODUCTION = "prod"
"""A network in this environment is protected from deletion when it is created."""


@retry_on_conflict
def create(scope: CloudScope, new: NewNetwork) -> Network:
    """Commit the intent, then begin at once: addresses first, then the stack.

    Raises Invalid for every field that breaks a rule, Conflict for what is taken, QuotaExceeded
    when the account has no room; nothing was created then.
    """
    session = scope.session
    preflight.check_rules(session, scope.settings, new)
    preflight.require_room(scope.cloud, new)
    taken = preflight.ranges_in_use(session, scope.cloud, new.region)
    network = Network(
        name=new.name,
        region=new.region,
        cidr=cidrs.check(new.cidr, taken) if new.cidr.strip() else cidrs.choose(taken),
        availability_zones=new.availability_zones,
        nat=new.nat,
        environment=new.environment,
        protected=new.environment == PRODUCTION,
    )
    names.add_named(session, network)
    pool.reserve(session, network, new)
    scope.record("create", network)
    NetworkOperation.begin(scope, network)
    return network


@retry_on_conflict
def retry(scope: CloudScope, name: str) -> Network:
    """Try again what failed: creating the network, on the same addresses, or deleting it."""
    network = get(scope.session, name)
    if network.status in UNDER_WAY:
        return network
    if network.status is Status.FAILED and network.unwanted:
        return delete(scope, name, typed=name)
    if network.status is not Status.FAILED:
        raise Conflict(f"The network {name} is {network.status}; only a failed one is tried again.")
    intend(network, Status.REQUESTED)
    scope.record("retry", network)
    NetworkOperation.begin(scope, network)
    return network


@retry_on_conflict
def delete(scope: CloudScope, name: str, *, typed: str, retain: list[str] | None = None) -> Network:
    """Delete the network's stack; its addresses stay. Refused while a function is in it.

    `retain` names what an earlier deletion could not delete and this one leaves behind.
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
    """Switch termination protection on or off, here and in CloudFormation."""
    network = get(scope.session, name)
    if network.stack_id:
        scope.cloud.stacks.protect(network.region, network.stack_id, on=on)
    network.protected = on
    scope.record("protect" if on else "unprotect", network)
    scope.session.commit()
    return network


def park(scope: CloudScope, name: str) -> Network:
    """Delete the NAT gateways and their routes, and so their cost; the addresses stay."""
    return _switch(scope, name, to=Status.PARKING)


def unpark(scope: CloudScope, name: str) -> Network:
    """Create the NAT gateways again, on the same addresses."""
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
            remedy=f"Wait until it is {before}.",
        )
    if to is Status.UNPARKING:
        _check_not_lost(scope.session, network)
    intend(network, to)
    scope.record(to.value, network)
    NetworkOperation.begin(scope, network)
    return network


def _check_deletable(session: Session, network: Network) -> None:
    functions = functions_in(session, network)
    if functions:
        raise Conflict(
            f"The network {network.name} is used by: {', '.join(f.name for f in functions)}.",
            code="network_in_use",
            remedy="Delete these functions first.",
        )
    if network.protected:
        raise Conflict(
            f"The network {network.name} is protected from deletion.",
            code="network_protected",
            remedy="Switch its termination protection off first.",
        )


def _check_not_lost(session: Session, network: Network) -> None:
    used = pool.of_network(session, network.id)
    lost = [address.public_ip or "" for address in used if address.status is AddressStatus.LOST]
    if lost:
        raise Conflict(
            f"{', '.join(lost)} of {network.name} was released outside Egret.",
            code="address_lost",
            remedy="Ask AWS for it again first, on the Addresses page.",
            link=("/addresses", "View addresses"),
        )


def _check_retained(session: Session, network: Network, retain: list[str]) -> list[str]:
    known = {resource.logical_id for resource in teardown.undeleted(session, network)}
    unknown = [logical_id for logical_id in retain if logical_id not in known]
    if unknown:
        raise Invalid(
            f"{', '.join(unknown)} cannot be left behind: only what a deletion could not delete.",
            field="retain",
        )
    return retain
