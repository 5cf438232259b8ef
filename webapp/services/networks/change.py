"""A change: more zones, or a NAT gateway in each zone. Every existing address stays.

Whitelist first: creating a change allocates the addresses that the new shape needs, and
CloudFormation previews what it does. Calls come from the new addresses only after the change is
confirmed. A change that would replace or remove anything is refused: replacing a NAT gateway is an
outage.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import Key, Network, NewChange, Shape, Status
from webapp.scope import CloudScope
from webapp.services import keys
from webapp.services.addresses import capacity, pool
from webapp.services.addresses.capacity import Need
from webapp.services.engine import leases
from webapp.services.engine.intents import intend, retry_on_conflict
from webapp.services.keys import Match, uses
from webapp.services.networks import cidrs, zones
from webapp.services.networks.details import get, read_again
from webapp.services.networks.operation import NetworkOperation, drop_change


def create(scope: CloudScope, name: str, new: NewChange) -> Network:
    """Allocate the addresses that the new shape needs, and preview it. Nothing else happens yet."""
    session = scope.session
    network = get(session, name)
    wanted = _wanted(network, new)
    _check(network, wanted)
    pool.check_none_lost(session, network)
    chosen = _zones(scope.cloud_of(network), network, wanted, new.zones)
    missing = wanted.nat_gateways - len(pool.of_network(session, network.id))
    need = Need(missing, nat_zones=chosen[network.nat_gateways : wanted.nat_gateways])
    reading = capacity.read(scope, network.site, need)
    with capacity.one_at_a_time(session, network.site):
        read_again(session, network)
        _check(network, wanted)
        capacity.require(capacity.fill(session, scope.settings, reading), need)
        pool.reserve_more(session, network, missing)
        shape = {"availability_zones": wanted.availability_zones, "nat": wanted.nat.value}
        network.change = shape | {"zones": chosen, "preview": []}
        network.reason = network.remedy = ""
        scope.record("create change", network, f"{shape['availability_zones']} zones, {wanted.nat}")
    NetworkOperation.begin(scope, network)
    if not network.change:  # the first step has run already, and withdrew it
        raise Conflict(
            network.reason,
            code="change_not_possible",
            remedy=network.remedy,
            link=(f"{network.page}/drift", "Check for drift"),
        )
    return network


@retry_on_conflict
def confirm(scope: CloudScope, name: str, *, anyway: bool = False) -> Network:
    """Apply the pending change. `anyway`: although a key in use does not allow its addresses.

    Raises QuotaExceeded when somebody else has taken the room for its NAT gateways since.
    """
    session, network = scope.session, get(scope.session, name)
    if network.status is Status.UPDATING:
        return network
    _check_confirmable(network)
    pool.check_none_lost(session, network)
    if not anyway:
        _check_keys(session, network)
    _apply(scope, network)
    return network


def withdraw(scope: CloudScope, name: str) -> Network:
    """Drop the pending change. Its addresses stay, free, until they are released.

    Done under the network's lease, so that no address is being allocated at the same moment: it
    would become an orphan.
    """
    network = get(scope.session, name)
    if not network.change:
        raise _no_change(network)
    if network.status not in (Status.READY, Status.PARKED):
        raise Conflict(
            f"The change of {name} cannot be withdrawn while the network is {network.status}.",
            code="wrong_status",
            remedy="Wait until the network is ready or parked.",
            about=[network],
        )
    lease_s = scope.settings.lease_s
    work = leases.begin(scope.session, network.owner, lease_s=lease_s)
    if work is None:
        raise Conflict(
            f"The addresses for the change of {name} are being allocated.",
            code="busy",
            remedy="Withdraw it in a moment.",
            about=[network],
        )
    try:
        drop_change(scope.session, scope.cloud_of(network), network)
    except EgretError:
        scope.session.rollback()
        work.run_again(in_s=0)  # gives the lease back, so that the next try is not "busy"
        raise
    scope.record("withdraw change", network)
    work.finish()
    return network


def insufficient_keys(
    session: Session, network: Network, matches: Sequence[Match] | None = None
) -> list[Match]:
    """The keys of its functions that do not allow all addresses of the network, by name. `matches`
    has what is known of them already."""
    used = uses.keys_of_network(session, network.id)
    if matches is None:
        mine = select(Key).where(col(Key.id).in_(used)).order_by(col(Key.name))
        matches = keys.match_keys(session, session.exec(mine).all() if used else [], network)
    return [match for match in matches if match.key.id in used and match.missing]


def _apply(scope: CloudScope, network: Network) -> None:
    """Begin the change if there is room for its NAT gateways, and no other request did."""
    session, need = scope.session, Need(nat_zones=network.nat_zones[network.nat_gateways :])
    reading = capacity.read(scope, network.site, need)
    with capacity.one_at_a_time(session, network.site):
        read_again(session, network)
        if network.status is Status.UPDATING:
            session.commit()
            return
        _check_confirmable(network)
        quotas = capacity.fill(session, scope.settings, reading, asks=network.id)
        capacity.require(quotas, need)
        intend(network, Status.UPDATING)
        scope.record("confirm change", network)
    NetworkOperation.begin(scope, network)


def _wanted(network: Network, new: NewChange) -> Shape:
    """The new shape. Who names the zones to add need not count them."""
    named = network.availability_zones + len(new.zones)
    count = named if new.availability_zones is None else new.availability_zones
    zones.check_count(count)
    if new.zones and count != named:
        raise Invalid(
            f"With the {zones.counted(len(new.zones))} that you named there are {named}, but you "
            f"chose {count}. Choose {named}, or name others, or none.",
            field="zones",
        )
    return Shape(count, new.nat or network.nat)


def _zones(cloud: Cloud, network: Network, wanted: Shape, named: Sequence[str]) -> list[str]:
    """All zones of the new shape: those that the network has, then others of the region."""
    have = network.planned_zones
    zones.check_choice(named, len(named))
    if wanted.availability_zones == len(have):
        return have
    offered = cloud.vpcs.availability_zones(network.region)
    return zones.choose(network.region, offered, wanted.availability_zones, chosen=named, have=have)


def _check(network: Network, wanted: Shape) -> None:
    now = network.shape
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {network.name} is {network.status}, not ready.",
            code="wrong_status",
            remedy="Wait until it is ready; unpark it if it is parked.",
            about=[network],
        )
    if network.change:
        raise Conflict(
            f"{network.name} already has a pending change.",
            code="change_proposed",
            remedy="Confirm or withdraw that one first.",
            link=(f"{network.page}#change", "Open the pending change"),
        )
    cidrs.check_room(network.cidr, wanted.availability_zones)
    more_zones = wanted.availability_zones - now.availability_zones
    more_nat_gateways = wanted.nat_gateways - now.nat_gateways
    if more_zones == more_nat_gateways == 0:
        raise Invalid("The network already has this shape.", field="availability_zones")
    if more_zones < 0 or more_nat_gateways < 0:
        raise Conflict(
            "A network can only be scaled up: removing a zone or a NAT gateway would remove an "
            "address that is in use.",
            code="would_lose_address",
            remedy="Create another network, move the functions to it, then delete this one.",
            link=("/networks/new", "New network"),
        )


def _check_confirmable(network: Network) -> None:
    if not network.change:
        raise _no_change(network)
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {network.name} is {network.status}; only a ready one can be changed.",
            code="wrong_status",
            remedy="Unpark it first, or withdraw the change.",
            about=[network],
        )
    if not network.change["preview"]:
        raise Conflict(
            f"The preview of the change of {network.name} is not there yet.",
            code="change_not_previewed",
            remedy="Wait a moment, then confirm it.",
            about=[network],
        )


def _check_keys(session: Session, network: Network) -> None:
    if refused := insufficient_keys(session, network):
        which = [f"The key {m.key.name} does not allow {', '.join(m.missing)}." for m in refused]
        raise Conflict(
            f"{' '.join(which)} The partner would refuse every call from there.",
            code="key_does_not_match",
            remedy=" ".join(
                [*(f"{m.key.name}: {m.remedy}" for m in refused), "Or confirm it anyway."]
            ),
            about=[m.key for m in refused],
        )


def _no_change(network: Network) -> Conflict:
    return Conflict(
        f"{network.name} has no pending change.",
        code="no_change_proposed",
        remedy="Create a change first.",
        about=[network],
    )
