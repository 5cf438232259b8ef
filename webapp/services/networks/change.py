"""Growth: another zone, or a NAT gateway in each, with every address that there is kept.

Whitelist first: the addresses that the new shape needs are allocated when it is proposed, and
shown; CloudFormation says what it would change. Calls come from them only once it is confirmed.
What would replace or remove anything is refused: a replaced NAT gateway is an outage.
"""

from collections.abc import Sequence

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.errors import Conflict, Invalid
from webapp.models import MAX_ZONES, Address, Function, Nat, Network, Shape, Status
from webapp.services import audit, keys
from webapp.services.addresses import pool as addresses
from webapp.services.engine import leases
from webapp.services.engine import stacks as stack_work
from webapp.services.engine.conflicts import joined
from webapp.services.keys import Match
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import operation as network_steps
from webapp.services.networks import preflight
from webapp.settings import Settings


def propose(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    availability_zones: int,
    nat: Nat,
) -> Network:
    """Allocate what the shape needs, and find out what it changes. Nothing else happens yet."""
    network = networks.get(session, name)
    wanted = Shape(availability_zones, nat)
    _check(network, wanted)
    missing = wanted.nat_gateways - len(addresses.of_network(session, network.id))
    preflight.require_room_to_grow(cloud, network, wanted, addresses=missing)
    _reserve(session, network, missing)
    network.change = {"availability_zones": availability_zones, "nat": nat.value, "preview": []}
    network.reason = network.remedy = ""
    audit.record(
        session,
        actor=actor,
        action="propose",
        noun="network",
        name=name,
        detail=f"{availability_zones} zones, {nat.value}",
    )
    network_steps.begin(session, cloud, settings, network)
    if not network.change:
        raise Conflict(network.reason, code="change_not_possible", remedy=network.remedy)
    return network


@joined
def confirm(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    name: str,
    anyway: bool = False,
) -> Network:
    """Route calls to the new addresses. `anyway`: although a key in use does not allow them."""
    network = networks.get(session, name)
    if network.status is Status.UPDATING:
        return network
    if not network.change:
        raise _nothing_proposed(network)
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {name} is {network.status}, and only a ready one grows.",
            code="wrong_status",
            remedy="Unpark it first, or withdraw the change.",
        )
    if not network.change["preview"]:
        raise Conflict(
            f"What would change in {name} is not known yet.",
            code="change_not_previewed",
            remedy="Wait a moment, then confirm it.",
        )
    functions, matches = networks.functions_in(session, network), keys.match_all(session, network)
    lacking = keys_that_lack(functions, matches)
    if lacking and not anyway:
        raise Conflict(
            f"{_sentence(lacking)} The partner would refuse every call from there.",
            code="key_does_not_match",
            remedy="Upload a key that allows them as a new version, or confirm it anyway.",
        )
    stack_work.request(network, Status.UPDATING)
    audit.record(session, actor=actor, action="grow", noun="network", name=name)
    network_steps.begin(session, cloud, settings, network)
    return network


def cancel(session: Session, cloud: Cloud, settings: Settings, *, actor: str, name: str) -> Network:
    """Withdraw the proposal. Its addresses stay, free, until they are released.

    Under the network's lease: an address that is being allocated in this moment would be lost.
    """
    network = networks.get(session, name)
    if not network.change or network.status not in (Status.READY, Status.PARKED):
        raise _nothing_proposed(network)
    work = leases.begin(session, network.owner, lease_s=settings.lease_s)
    if work is None:
        raise Conflict(
            f"The addresses for the change of {name} are being allocated.",
            code="busy",
            remedy="Withdraw it in a moment.",
        )
    network_steps.withdraw(session, cloud, network)
    audit.record(session, actor=actor, action="withdraw", noun="network", name=name)
    work.finish()
    return network


def new_addresses(session: Session, network: Network) -> list[Address]:
    """Those that wait for the proposed change; no call comes from them yet."""
    return addresses.of_network(session, network.id)[network.nat_gateways :]


def keys_that_lack(functions: Sequence[Function], matches: Sequence[Match]) -> list[Match]:
    """Those of the functions' keys that do not allow all addresses of their network."""
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
            f"Another change of {network.name} is proposed already.",
            code="change_proposed",
            remedy="Confirm or withdraw that one first.",
        )
    if not 1 <= wanted.availability_zones <= MAX_ZONES:
        raise Invalid(f"A network has 1 to {MAX_ZONES} zones.", field="availability_zones")
    more_zones = wanted.availability_zones - now.availability_zones
    more_nat_gateways = wanted.nat_gateways - now.nat_gateways
    if more_zones == more_nat_gateways == 0:
        raise Invalid("That is how it is already.", field="availability_zones")
    if more_zones < 0 or more_nat_gateways < 0:
        raise Conflict(
            "A network only grows: with a zone or a NAT gateway less, an address in use would go.",
            code="would_lose_address",
            remedy="Create another network for it, move the functions, then delete this one.",
        )


def _reserve(session: Session, network: Network, count: int) -> None:
    """Rows for new addresses, after those that there are; allocated in the next step."""
    first = len(addresses.of_network(session, network.id))
    for position in range(first, first + count):
        session.add(
            Address(
                name=network.name,
                region=network.region,
                network_id=network.id,
                position=position,
            )
        )


def _nothing_proposed(network: Network) -> Conflict:
    return Conflict(
        f"No change of {network.name} waits for an answer (it is {network.status}).",
        code="no_change_proposed",
        remedy="Propose one first.",
    )


def _sentence(lacking: Sequence[Match]) -> str:
    return " ".join(
        f"The key {match.key.name} does not allow {', '.join(match.missing)}." for match in lacking
    )
