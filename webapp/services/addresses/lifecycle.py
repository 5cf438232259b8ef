"""What people do with an address: allocate it, name it, get it back, release it."""

from sqlmodel import Session, col, select

from webapp.aws.errors import AwsError, is_transient, pauses_operation
from webapp.errors import Conflict, EgretError
from webapp.models import Address, AddressStatus, Function, Key, Network, Site
from webapp.models.address import LABEL_PREFIX
from webapp.models.function import in_networks
from webapp.scope import CloudScope
from webapp.services.addresses import capacity
from webapp.services.addresses.allowing import NAMED_MAX, keys_naming
from webapp.services.addresses.capacity import Need
from webapp.services.addresses.details import get
from webapp.services.addresses.pool import (
    allocated_status,
    ensure_allocated,
    set_allocation,
    tags_of,
)
from webapp.services.engine.intents import retry_on_conflict
from webapp.services.names import check_label, check_region, check_typed

GONE_FOR_GOOD = frozenset({"InvalidAddress.NotFound", "InvalidParameterValue", "AuthFailure"})
"""What AWS answers when somebody else has the address by now."""


def create(scope: CloudScope, *, site: Site, name: str = "") -> Address:
    """Allocate an address that no network uses yet, so that it can be whitelisted early."""
    session, region = scope.session, check_region(scope.settings, site.region)
    address = Address(account_id=site.account_id, region=region, name=check_label(name))
    need = Need(addresses=1)
    reading = capacity.read(scope, site, need)
    with capacity.one_at_a_time(session, site):
        capacity.require(capacity.fill(session, scope.settings, reading), need)
        session.add(address)
    session.commit()
    try:
        ensure_allocated(session, scope.cloud_of(address), address)
    except EgretError as error:
        if not is_transient(error):  # otherwise it may exist; the next round finds it by its tag
            session.delete(address)
            session.commit()
        raise
    scope.record("allocate", address)
    session.commit()
    return address


def rename(scope: CloudScope, address_id: str, *, name: str) -> Address:
    """Give it another name, in AWS too; an empty one removes the name."""
    address, label = get(scope.session, address_id), check_label(name)
    if address.allocation_id and address.status is not AddressStatus.LOST:
        shown = f"{LABEL_PREFIX}{label or address.id}"
        scope.cloud_of(address).addresses.rename(address.region, address.allocation_id, shown)
    address.name = label
    scope.record("rename", address, address.label)
    scope.session.commit()
    return address


def recover(scope: CloudScope, address_id: str) -> Address:
    """Ask AWS for a lost address again.

    Raises Conflict when somebody else has it by now, QuotaExceeded when there is no room for it,
    or only the room that a network under way needs.
    """
    address = get(scope.session, address_id)
    ip, aws = address.public_ip, scope.cloud_of(address).addresses
    if address.status is not AddressStatus.LOST or not ip:
        raise Conflict(f"{ip or address.id} is not lost.", code="wrong_status", about=[address])
    need = Need(addresses=1)
    reading = capacity.read(scope, address.site, need)
    capacity.require(capacity.fill(scope.session, scope.settings, reading), need)
    try:
        tags = tags_of(scope.session, address)
        recovered = aws.recover(address.region, address.id, ip, name=address.label, tags=tags)
    except AwsError as error:
        if error.aws_code not in GONE_FOR_GOOD:
            raise
        raise Conflict(
            f"AWS cannot give {ip} back: {error.detail}",
            code="address_gone",
            remedy="Release it here, and have the partner whitelist another address.",
            about=[address],
        ) from error
    set_allocation(address, recovered)
    address.status = allocated_status(address)
    scope.record("recover", address)
    scope.session.commit()
    return address


@retry_on_conflict
def release(scope: CloudScope, address_id: str, *, typed: str) -> None:
    """Return the address to AWS, if nothing depends on it and it was typed exactly."""
    address = get(scope.session, address_id)
    _check_unused(scope.session, address)
    check_typed(typed, address.public_ip or address.id, "released")
    is_lost = address.status is AddressStatus.LOST
    address.status = AddressStatus.RELEASING
    scope.record("release", address)
    scope.session.commit()
    finish_release(scope, address, is_lost=is_lost)
    scope.session.commit()


def finish_release(scope: CloudScope, address: Address, *, is_lost: bool) -> None:
    """Release an address whose release was committed. The caller commits.

    If AWS refuses, because something uses the address for instance, the release is given up: it
    must not go through by itself on a later day. An address that `is_lost` is so again.
    """
    if address.allocation_id:
        try:
            scope.cloud_of(address).addresses.release(address.region, address.allocation_id)
        except AwsError as error:
            if not pauses_operation(error):
                lost = AddressStatus.LOST
                address.status = lost if is_lost else allocated_status(address)
                scope.session.commit()
            raise
    scope.session.delete(address)


def _check_unused(session: Session, address: Address) -> None:
    """Raises Conflict with the network, its functions, and the keys that name the address."""
    network = session.get(Network, address.network_id) if address.network_id else None
    functions = select(Function).where(in_networks([address.network_id or ""]))
    functions = functions.order_by(col(Function.name)).limit(NAMED_MAX)
    used_by: list[Network | Function | Key] = []
    if network:
        used_by += [network, *session.exec(functions)]
    used_by += keys_naming(session, address)
    if used_by:
        named = used_by[:NAMED_MAX]
        needing = ", ".join(f"the {row.noun} {row.name}" for row in named)
        more = " and more" if len(used_by) > len(named) else ""
        raise Conflict(
            f"{address.public_ip} is needed by {needing}{more}.",
            code="address_in_use",
            remedy="Delete these first; the address stays until it is released here.",
            about=named,
        )
