"""A change: more zones, or a NAT gateway in each zone. Every existing address stays.

Whitelist first: creating a change allocates the addresses that the new shape needs, and
CloudFormation previews what it does. Calls come from the new addresses only after the change is
confirmed. A change that would replace or remove anything is refused: replacing a NAT gateway is an
outage.
"""

from collections.abc import Sequence

from sqlmodel import Session

from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import Function, Network, NewChange, Shape, Status
from webapp.services import keys
from webapp.services.addresses import pool
from webapp.services.engine import leases
from webapp.services.engine.conflicts import retry_on_conflict
from webapp.services.engine.operation import intend
from webapp.services.keys import Match
from webapp.services.networks import preflight
from webapp.services.networks.details import functions_in, get
from webapp.services.networks.operation import NetworkOperation, drop_change
from webapp.services.scope import CloudScope


def create(scope: CloudScope, name: str, new: NewChange) -> Network:
    """Allocate the addresses that the new shape needs, and preview it. Nothing else happens yet."""
    network = get(scope.session, name)
    wanted = Shape(new.availability_zones or network.availability_zones, new.nat or network.nat)
    _check(network, wanted)
    missing = wanted.nat_gateways - len(pool.of_network(scope.session, network.id))
    preflight.require_room_for_change(scope.cloud, network, wanted, new_addresses=missing)
    pool.reserve_more(scope.session, network, missing)
    shape = {"availability_zones": wanted.availability_zones, "nat": wanted.nat.value}
    network.change = shape | {"preview": []}
    network.reason = network.remedy = ""
    scope.record("create change", network, f"{wanted.availability_zones} zones, {wanted.nat.value}")
    NetworkOperation.begin(scope, network)
    if not network.change:  # the first step has run already, and withdrew it
        raise Conflict(network.reason, code="change_not_possible", remedy=network.remedy)
    return network


@retry_on_conflict
def confirm(scope: CloudScope, name: str, *, anyway: bool = False) -> Network:
    """Apply the pending change. `anyway`: although a key in use does not allow its addresses."""
    network = get(scope.session, name)
    if network.status is Status.UPDATING:
        return network
    _check_confirmable(network)
    if not anyway:
        _check_keys(scope.session, network)
    intend(network, Status.UPDATING)
    scope.record("confirm change", network)
    NetworkOperation.begin(scope, network)
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
        )
    lease_s = scope.settings.lease_s
    work = leases.begin(scope.session, network.owner, lease_s=lease_s)
    if work is None:
        raise Conflict(
            f"The addresses for the change of {name} are being allocated.",
            code="busy",
            remedy="Withdraw it in a moment.",
        )
    try:
        drop_change(scope.session, scope.cloud, network)
    except EgretError:
        scope.session.rollback()
        work.run_again(in_s=0)  # gives the lease back, so that the next try is not "busy"
        raise
    scope.record("withdraw change", network)
    work.finish()
    return network


def insufficient_keys(functions: Sequence[Function], matches: Sequence[Match]) -> list[Match]:
    """The functions' keys that do not allow all addresses of their network."""
    used = {function.key_id for function in functions}
    return [match for match in matches if match.key.id in used and not match.ok]


def _check(network: Network, wanted: Shape) -> None:
    now = network.shape
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {network.name} is {network.status}, not ready.",
            code="wrong_status",
            remedy="Wait until it is ready; unpark it if it is parked.",
        )
    if network.change:
        raise Conflict(
            f"{network.name} already has a pending change.",
            code="change_proposed",
            remedy="Confirm or withdraw that one first.",
        )
    preflight.check_zones(wanted.availability_zones)
    more_zones = wanted.availability_zones - now.availability_zones
    more_nat_gateways = wanted.nat_gateways - now.nat_gateways
    if more_zones == more_nat_gateways == 0:
        raise Invalid("The network has this shape already.", field="availability_zones")
    if more_zones < 0 or more_nat_gateways < 0:
        raise Conflict(
            "A network can only be scaled up: removing a zone or a NAT gateway would remove an "
            "address that is in use.",
            code="would_lose_address",
            remedy="Create another network, move the functions to it, then delete this one.",
        )


def _check_confirmable(network: Network) -> None:
    if not network.change:
        raise _no_change(network)
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {network.name} is {network.status}; only a ready one can be changed.",
            code="wrong_status",
            remedy="Unpark it first, or withdraw the change.",
        )
    if not network.change["preview"]:
        raise Conflict(
            f"The preview of the change of {network.name} is not there yet.",
            code="change_not_previewed",
            remedy="Wait a moment, then confirm it.",
        )


def _check_keys(session: Session, network: Network) -> None:
    functions, matches = functions_in(session, network), keys.match_all(session, network)
    refused = [
        f"The key {match.key.name} does not allow {', '.join(match.missing)}."
        for match in insufficient_keys(functions, matches)
    ]
    if refused:
        raise Conflict(
            f"{' '.join(refused)} The partner would refuse every call from there.",
            code="key_does_not_match",
            remedy="Upload a key that allows them too as a new version, or confirm it anyway.",
        )


def _no_change(network: Network) -> Conflict:
    return Conflict(
        f"{network.name} has no pending change.",
        code="no_change_proposed",
        remedy="Create a change first.",
    )
