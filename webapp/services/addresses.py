"""Addresses: allocated before the network that uses them, and kept after it is gone."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.addresses import Allocation
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Address, AddressStatus, Key, Network
from webapp.partners import allows_address
from webapp.services import audit
from webapp.services.names import check_typed


@dataclass(frozen=True)
class AddressDetail:
    """An address and who depends on it: the network that uses it, the keys that allow it."""

    address: Address
    network: Network | None
    keys: list[Key]


def list_all(session: Session) -> list[AddressDetail]:
    addresses = session.exec(select(Address).order_by(col(Address.created_at))).all()
    networks = {network.id: network for network in session.exec(select(Network)).all()}
    keys = session.exec(select(Key).order_by(col(Key.name))).all()
    return [
        AddressDetail(address, networks.get(address.network_id or ""), _allowing(keys, address))
        for address in addresses
    ]


def get(session: Session, address_id: str) -> Address:
    address = session.get(Address, address_id)
    if address is None:
        raise NotFound(f"There is no address with the id {address_id}.")
    return address


def detail(session: Session, address_id: str) -> AddressDetail:
    address = get(session, address_id)
    network = session.get(Network, address.network_id) if address.network_id else None
    return AddressDetail(address, network, _allowing(session.exec(select(Key)).all(), address))


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


def create(session: Session, cloud: Cloud, *, actor: str, region: str) -> Address:
    """Allocate an address that no network uses yet, to have it whitelisted early."""
    address = Address(region=region)
    session.add(address)
    session.commit()
    try:
        ensure(session, cloud, address, name=f"egret {address.id}")
    except Exception:
        session.delete(address)
        session.commit()
        raise
    address.status = AddressStatus.FREE
    audit.record(
        session, actor=actor, action="allocate", noun="address", name=address.public_ip or ""
    )
    session.commit()
    return address


def ensure(session: Session, cloud: Cloud, address: Address, *, name: str) -> None:
    """Make sure the row has its allocation in AWS. The caller commits."""
    if address.allocation_id is None:
        _take(address, cloud.addresses.ensure(address.region, address.id, name=name))
        session.add(address)


def reserve(session: Session, network: Network, chosen: list[str]) -> list[Address]:
    """Give the network one address per NAT gateway: the chosen free ones, then new rows."""
    addresses = [_free_in(session, address_id, network.region) for address_id in chosen]
    if len(addresses) > network.nat_gateways:
        raise Invalid(
            f"{len(addresses)} addresses were chosen, but this network has "
            f"{network.nat_gateways} NAT gateway(s), one address each.",
            field="addresses",
        )
    missing = network.nat_gateways - len(addresses)
    addresses += [Address(region=network.region) for _ in range(missing)]
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
    address.network_id = address.position = address.availability_zone = None
    if address.allocation_id is None:
        _take(address, cloud.addresses.find(address.region, address.id))
    if address.allocation_id:
        address.status = AddressStatus.FREE
        session.add(address)
    else:
        session.delete(address)


def release(session: Session, cloud: Cloud, address_id: str, *, actor: str, typed: str) -> None:
    """Give the address back to AWS, for ever. Only when no network uses it, and typed exactly."""
    address = get(session, address_id)
    if address.network_id:
        network = session.get(Network, address.network_id)
        raise Conflict(
            f"{address.public_ip} is used by the network {network.name if network else '?'}.",
            code="address_in_use",
            remedy="Delete the network first; the address stays until it is released here.",
        )
    check_typed(typed, address.public_ip or address.id, "released")
    address.status = AddressStatus.RELEASING
    session.commit()
    if address.allocation_id:
        cloud.addresses.release(address.region, address.allocation_id)
    audit.record(
        session, actor=actor, action="release", noun="address", name=address.public_ip or ""
    )
    session.delete(address)
    session.commit()


def _take(address: Address, allocation: Allocation | None) -> None:
    if allocation:
        address.allocation_id = allocation.allocation_id
        address.public_ip = allocation.public_ip


def _free_in(session: Session, address_id: str, region: str) -> Address:
    address = session.get(Address, address_id)
    if address is None or address.status is not AddressStatus.FREE or address.region != region:
        raise Conflict(
            f"The address {address_id} is not free in {region}.",
            code="address_not_free",
            remedy="Choose a free address of the same region, or let a new one be allocated.",
        )
    return address


def _allowing(keys: Iterable[Key], address: Address) -> list[Key]:
    if not address.public_ip:
        return []
    ip = ipaddress.IPv4Address(address.public_ip)
    return [key for key in keys if allows_address(key.claims.get("cidrs", []), ip)]
