"""Addresses: allocated before the network that uses them, and kept after it is gone."""

import ipaddress
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.addresses import Allocation
from webapp.aws.errors import AwsError, goes_on, is_transient
from webapp.errors import Conflict, EgretError, Invalid, NotFound
from webapp.models import Address, AddressStatus, Function, Key, Network, Shape, utc_now
from webapp.partners import allows_address
from webapp.services import audit
from webapp.services.engine.conflicts import joined
from webapp.services.names import check_label, check_region, check_typed
from webapp.settings import Settings

ALLOCATION_TIMEOUT_S = 120.0
GONE_FOR_GOOD = frozenset({"InvalidAddress.NotFound", "InvalidParameterValue", "AuthFailure"})

log = logging.getLogger("egret.addresses")


@dataclass(frozen=True)
class AddressDetail:
    """An address and who depends on it: its network, the functions there, the keys for it."""

    address: Address
    network: Network | None
    functions: list[Function]
    keys: list[Key]


def list_all(session: Session) -> list[AddressDetail]:
    addresses = session.exec(select(Address).order_by(col(Address.created_at))).all()
    networks = {network.id: network for network in session.exec(select(Network)).all()}
    functions = session.exec(select(Function).order_by(col(Function.name))).all()
    keys = session.exec(select(Key).order_by(col(Key.name))).all()
    return [
        AddressDetail(
            address,
            networks.get(address.network_id or ""),
            [f for f in functions if f.network_id == address.network_id],
            _allowing(keys, address),
        )
        for address in addresses
    ]


def get(session: Session, address_id: str) -> Address:
    address = session.get(Address, address_id)
    if address is None:
        raise NotFound(f"There is no address with the id {address_id}.")
    return address


def detail(session: Session, address_id: str) -> AddressDetail:
    get(session, address_id)
    return next(found for found in list_all(session) if found.address.id == address_id)


def free(session: Session, region: str | None = None) -> list[Address]:
    """Addresses that no network uses, oldest first."""
    query = select(Address).where(Address.status == AddressStatus.FREE)
    if region:
        query = query.where(Address.region == region)
    return list(session.exec(query.order_by(col(Address.created_at))).all())


def of_network(session: Session, network_id: str) -> list[Address]:
    """The network's addresses in the order of its zones."""
    query = select(Address).where(Address.network_id == network_id)
    return list(session.exec(query.order_by(col(Address.position))).all())


def by_network(
    session: Session, *conditions: ColumnElement[bool]
) -> defaultdict[str, list[Address]]:
    """The same of every network, or of those that the conditions leave: network id → addresses."""
    used = select(Address).where(col(Address.network_id).is_not(None), *conditions)
    grouped = defaultdict(list)
    for address in session.exec(used.order_by(col(Address.position))):
        grouped[address.network_id or ""].append(address)
    return grouped


def create(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    region: str,
    name: str = "",
) -> Address:
    """Allocate an address that no network uses yet, to have it whitelisted early."""
    address = Address(region=check_region(settings, region), name=check_label(name))
    session.add(address)
    session.commit()
    try:
        ensure(session, cloud, address)
    except EgretError as error:
        if not is_transient(error):  # else it may be there: the next round looks for it by its tag
            session.delete(address)
            session.commit()
        raise
    address.status = AddressStatus.FREE
    audit.record(
        session, actor=actor, action="allocate", noun="address", name=address.public_ip or ""
    )
    session.commit()
    return address


def ensure(session: Session, cloud: Cloud, address: Address) -> None:
    """Make sure the row has its allocation in AWS. The caller commits."""
    if address.allocation_id is None:
        _take(address, cloud.addresses.ensure(address.region, address.id, name=address.label))
        session.add(address)


def rename(session: Session, cloud: Cloud, address_id: str, *, actor: str, name: str) -> Address:
    """Call it something else, in AWS too; an empty name takes it away."""
    address = get(session, address_id)
    address.name = check_label(name)
    if address.allocation_id and address.status is not AddressStatus.LOST:
        cloud.addresses.rename(address.region, address.allocation_id, address.label)
    audit.record(session, actor=actor, action="rename", noun="address", name=address.label)
    session.commit()
    return address


def chosen(session: Session, region: str, shape: Shape, address_ids: list[str]) -> list[Address]:
    """The free addresses with these ids, for a network of that shape. Raises Invalid, Conflict."""
    if len(set(address_ids)) < len(address_ids):
        raise Invalid("An address was chosen twice.", field="addresses")
    if len(address_ids) > shape.nat_gateways:
        raise Invalid(
            f"{len(address_ids)} addresses were chosen, but this network has "
            f"{shape.nat_gateways} NAT gateway(s), one address each.",
            field="addresses",
        )
    return [_free_in(session, address_id, region) for address_id in address_ids]


def reserve(session: Session, network: Network, address_ids: list[str]) -> list[Address]:
    """Give the network one address per NAT gateway: the chosen free ones, then new rows."""
    addresses = chosen(session, network.region, network.shape, address_ids)
    missing = network.nat_gateways - len(addresses)
    addresses += [Address(region=network.region, name=network.name) for _ in range(missing)]
    for position, address in enumerate(addresses):
        address.network_id, address.position = network.id, position
        if address.allocation_id:
            address.status = AddressStatus.IN_USE
    session.add_all(addresses)
    return addresses


def let_go(session: Session, cloud: Cloud, network: Network) -> None:
    """The network is gone: its addresses are free, whatever happens to everything else."""
    for address in of_network(session, network.id):
        set_free(session, cloud, address)


def set_free(session: Session, cloud: Cloud, address: Address) -> None:
    """No network uses it. One whose allocation's answer was lost is looked for first."""
    address.network_id = address.position = None
    if address.allocation_id is None:
        _take(address, cloud.addresses.find(address.region, address.id))
    if address.allocation_id:
        address.status = AddressStatus.FREE
        session.add(address)
    else:
        session.delete(address)


def look(session: Session, cloud: Cloud, region: str) -> None:
    """Compare the region's rows with AWS: what was released outside Egret is *lost*.

    What a crash left half done is finished: an allocation is found, a release is repeated. The rows
    are read first: what is allocated meanwhile is not missed in AWS.
    """
    rows = session.exec(select(Address).where(Address.region == region)).all()
    there = {allocation.allocation_id for allocation in cloud.addresses.every(region)}
    for address in rows:
        try:
            _compare(session, cloud, address, there)
        except EgretError as error:
            log.warning("the address %s waits: %s", address.public_ip or address.id, error.detail)
        session.commit()


def _compare(session: Session, cloud: Cloud, address: Address, there: set[str]) -> None:
    if address.status is AddressStatus.RELEASING:
        _give_back(session, cloud, address, actor="egret")
    elif address.allocation_id is None:
        if not address.network_id and _is_left(address):
            set_free(session, cloud, address)
    elif address.allocation_id not in there:
        address.status = AddressStatus.LOST
    elif address.status is AddressStatus.LOST:
        address.status = _status_of(address)


def recover(session: Session, cloud: Cloud, address_id: str, *, actor: str) -> Address:
    """Ask AWS for a lost address again. Raises Conflict when somebody else has it by now."""
    address = get(session, address_id)
    if address.status is not AddressStatus.LOST or not address.public_ip:
        raise Conflict(f"{address.public_ip or address.id} is not lost.", code="wrong_status")
    try:
        _take(
            address,
            cloud.addresses.recover(
                address.region, address.id, address.public_ip, name=address.label
            ),
        )
    except AwsError as error:
        if error.aws_code not in GONE_FOR_GOOD:
            raise
        raise Conflict(
            f"AWS cannot give {address.public_ip} back: {error.detail}",
            code="address_gone",
            remedy="Forget it here, and have the partner whitelist another address.",
        ) from error
    address.status = _status_of(address)
    audit.record(session, actor=actor, action="recover", noun="address", name=address.public_ip)
    session.commit()
    return address


@joined
def release(session: Session, cloud: Cloud, address_id: str, *, actor: str, typed: str) -> None:
    """Give the address back to AWS, for ever. Only when nothing depends on it, typed exactly."""
    address = get(session, address_id)
    _check_unused(session, address)
    check_typed(typed, address.public_ip or address.id, "released")
    address.status = AddressStatus.RELEASING
    session.commit()
    _give_back(session, cloud, address, actor=actor)
    session.commit()


def _give_back(session: Session, cloud: Cloud, address: Address, *, actor: str) -> None:
    """What AWS refuses, because something uses the address say, is not tried again by itself."""
    if address.allocation_id:
        try:
            cloud.addresses.release(address.region, address.allocation_id)
        except AwsError as error:
            if not goes_on(error):
                address.status = _status_of(address)
                session.commit()
            raise
    audit.record(
        session, actor=actor, action="release", noun="address", name=address.public_ip or ""
    )
    session.delete(address)


def _check_unused(session: Session, address: Address) -> None:
    """Raises Conflict with the network, its functions and the keys that name the address."""
    network = session.get(Network, address.network_id) if address.network_id else None
    functions = select(Function).where(Function.network_id == address.network_id)
    used_by = [f"the network {network.name}"] if network else []
    if network:
        used_by += [f"the function {function.name}" for function in session.exec(functions)]
    used_by += [f"the key {key.name}" for key in session.exec(select(Key)) if _names(key, address)]
    if used_by:
        raise Conflict(
            f"{address.public_ip} is needed by {', '.join(used_by)}.",
            code="address_in_use",
            remedy="Delete these first; the address stays until it is released here.",
        )


def _names(key: Key, address: Address) -> bool:
    """Whether the key allows exactly this address, not just a range that it is in."""
    ip = address.public_ip
    return bool(ip) and not {ip, f"{ip}/32"}.isdisjoint(key.claims.get("cidrs", []))


def _status_of(address: Address) -> AddressStatus:
    return AddressStatus.IN_USE if address.network_id else AddressStatus.FREE


def _is_left(address: Address) -> bool:
    """Whether nobody is allocating it any more: the process that was is gone."""
    return (utc_now() - address.created_at).total_seconds() > ALLOCATION_TIMEOUT_S


def _take(address: Address, allocation: Allocation | None) -> None:
    if allocation:
        address.allocation_id = allocation.allocation_id
        address.public_ip = allocation.public_ip


def _free_in(session: Session, address_id: str, region: str) -> Address:
    address = session.get(Address, address_id)
    if address is None or address.status is not AddressStatus.FREE or address.region != region:
        raise Conflict(
            f"The address {(address and address.public_ip) or address_id} is not free in {region}.",
            code="address_not_free",
            remedy="Choose a free address of the same region, or let a new one be allocated.",
            errors={"addresses": "One of these is not free there."},
        )
    return address


def _allowing(keys: Iterable[Key], address: Address) -> list[Key]:
    if not address.public_ip:
        return []
    ip = ipaddress.IPv4Address(address.public_ip)
    return [key for key in keys if allows_address(key.claims.get("cidrs", []), ip)]
