"""Addresses as pages and the API show them: a row and what depends on it."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from webapp.errors import NotFound
from webapp.models import Address, Function, Key, Network
from webapp.partners import allows_address


@dataclass(frozen=True)
class AddressDetail:
    """`functions` call from the address; `keys` allow it, by itself or within a range."""

    address: Address
    network: Network | None
    functions: list[Function]
    keys: list[Key]


def list_all(session: Session) -> list[AddressDetail]:
    """All addresses, oldest first."""
    addresses = session.exec(select(Address).order_by(col(Address.created_at))).all()
    networks = {network.id: network for network in session.exec(select(Network)).all()}
    functions = session.exec(select(Function).order_by(col(Function.name))).all()
    keys = session.exec(select(Key).order_by(col(Key.name))).all()
    return [
        AddressDetail(
            address,
            networks.get(address.network_id or ""),
            [f for f in functions if address.network_id in f.network_ids],
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


def _allowing(keys: Iterable[Key], address: Address) -> list[Key]:
    if not address.public_ip:
        return []
    ip = ipaddress.IPv4Address(address.public_ip)
    return [key for key in keys if allows_address(key.claims.get("cidrs", []), ip)]
