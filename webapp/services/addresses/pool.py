"""The pool: free addresses, those that networks use, and how one becomes the other.

An address is allocated before the network that uses it, and stays when that network is gone.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.addresses import Allocation
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus, Network, NewNetwork, Site
from webapp.models.reading import Reading

FREE_MAX = 50
"""So many are offered to choose from; any other can be named."""
RECOVER = "Recover it first, on the Addresses page."
_OF_NETWORK = Reading(
    Address,
    col(Address.network_id) == bindparam("network_id"),
    order_by=col(Address.position),
)


def free(
    session: Session, site: Site | None = None, *, chosen: Sequence[str] = ()
) -> list[Address]:
    """Addresses that no network uses, oldest first: FREE_MAX at most, and those with the `chosen`
    ids."""
    query = select(Address).where(Address.status == AddressStatus.FREE)
    if site:
        query = query.where(site.holds(Address))
    oldest = session.exec(query.order_by(col(Address.created_at)).limit(FREE_MAX)).all()
    others = {*chosen} - {address.id for address in oldest}
    more = session.exec(query.where(col(Address.id).in_(others))).all() if others else ()
    return [*oldest, *more]


def of_network(session: Session, network_id: str) -> list[Address]:
    """The network's addresses, in the order of its zones."""
    query = select(Address).where(Address.network_id == network_id)
    return list(session.exec(query.order_by(col(Address.position))).all())


def read(session: Session, network_id: str) -> list[Address]:
    """The same, of rows that cannot be changed."""
    return _OF_NETWORK.all(session, network_id=network_id)


def by_network(
    session: Session, *conditions: ColumnElement[bool]
) -> defaultdict[str, list[Address]]:
    """The addresses of all networks, or of those that meet the conditions, by network id."""
    used = select(Address).where(col(Address.network_id).is_not(None), *conditions)
    grouped = defaultdict(list)
    for address in session.exec(used.order_by(col(Address.position))):
        grouped[address.network_id or ""].append(address)
    return grouped


def check_count(new: NewNetwork) -> None:
    """Raises Invalid for an address chosen twice, and for more than the network has room for."""
    if len(set(new.addresses)) < len(new.addresses):
        raise Invalid("An address was chosen twice.", field="addresses")
    nat_gateways = new.shape.nat_gateways
    if len(new.addresses) > nat_gateways:
        have = "1 NAT gateway" if nat_gateways == 1 else f"{nat_gateways} NAT gateways"
        raise Invalid(
            f"{len(new.addresses)} addresses were chosen, but this network has {have}, "
            "with one address each.",
            field="addresses",
        )


def chosen(session: Session, new: NewNetwork, site: Site) -> list[Address]:
    """The free addresses that were chosen for a network, by their ids or the addresses themselves.
    Raises Conflict for one that is not free."""
    found = [_free_at(session, named, site) for named in new.addresses]
    if len({address.id for address in found}) < len(found):
        raise Invalid("An address was chosen twice.", field="addresses")
    return found


def reserve(session: Session, network: Network, new: NewNetwork) -> list[Address]:
    """Give the network one address per NAT gateway: the chosen free ones, then new rows."""
    addresses = chosen(session, new, network.site)
    missing = network.nat_gateways - len(addresses)
    addresses += [_new(network) for _ in range(missing)]
    for position, address in enumerate(addresses):
        address.network_id, address.position = network.id, position
        if address.allocation_id:
            address.status = AddressStatus.IN_USE
    session.add_all(addresses)
    return addresses


def reserve_more(session: Session, network: Network, count: int) -> None:
    """Rows for `count` more addresses, after those that the network has."""
    first = len(of_network(session, network.id))
    for position in range(first, first + count):
        address = _new(network)
        address.network_id, address.position = network.id, position
        session.add(address)


def ensure_allocated(session: Session, cloud: Cloud, address: Address) -> None:
    """Make sure that the row has its allocation in AWS. The caller commits.

    An address that was allocated before keeps its status: one that is lost stays lost.
    """
    if address.allocation_id is None:
        allocation = cloud.addresses.ensure(
            address.region, address.id, name=address.label, tags=tags_of(session, address)
        )
        set_allocation(address, allocation)
        address.status = allocated_status(address)
        session.add(address)


def tags_of(session: Session, address: Address) -> dict[str, str]:
    """The tags of the network that uses it."""
    network = session.get(Network, address.network_id) if address.network_id else None
    return network.tags if network else {}


def check_none_lost(session: Session, network: Network) -> None:
    """Raises Conflict when an address of the network was released outside Egret."""
    used = of_network(session, network.id)
    lost = [address for address in used if address.status is AddressStatus.LOST]
    if lost:
        ips = ", ".join(address.audit_name for address in lost)
        raise Conflict(
            f"Released outside Egret, and used by {network.name}: {ips}.",
            code="address_lost",
            remedy=RECOVER,
            about=lost,
        )


def free_all(session: Session, cloud: Cloud, network: Network) -> None:
    """The network is gone: all its addresses are free."""
    used = of_network(session, network.id)
    remove_tags(cloud, network, used)
    set_free(session, cloud, used)


def remove_tags(cloud: Cloud, network: Network, addresses: list[Address]) -> None:
    """Take the network's tags off those that it gives up, before their rows are changed."""
    for address in addresses if network.tags else ():
        if address.allocation_id and address.status is not AddressStatus.LOST:
            cloud.addresses.untag(address.region, address.allocation_id, network.tags)


def set_free(session: Session, cloud: Cloud, addresses: Sequence[Address]) -> None:
    """Take the addresses from their network. A row goes if nothing was ever allocated for it.

    One that is lost stays lost: AWS does not have it for another network either. AWS is asked about
    all of them before the first row is changed.
    """
    found = {
        address.id: cloud.addresses.find(address.region, address.id)
        for address in addresses
        if address.allocation_id is None  # the answer to its allocation may have been lost
    }
    for address in addresses:
        address.network_id = address.position = None
        set_allocation(address, found.get(address.id))
        if address.allocation_id is None:
            session.delete(address)
        elif address.status is not AddressStatus.LOST:
            address.status = AddressStatus.FREE


def set_allocation(address: Address, allocation: Allocation | None) -> None:
    if allocation:
        address.allocation_id = allocation.allocation_id
        address.public_ip = allocation.public_ip


def allocated_status(address: Address) -> AddressStatus:
    """The status of an address that is allocated."""
    return AddressStatus.IN_USE if address.network_id else AddressStatus.FREE


def _new(network: Network) -> Address:
    return Address(account_id=network.account_id, region=network.region, name=network.name)


def _free_at(session: Session, named: str, site: Site) -> Address:
    by_ip = select(Address).where(Address.public_ip == named)
    address = session.get(Address, named) or session.exec(by_ip.limit(1)).first()
    if address is None or address.status is not AddressStatus.FREE or address.site != site:
        shown = (address and address.public_ip) or named
        elsewhere = address is not None and address.account_id != site.account_id
        raise Conflict(
            f"The address {shown} is not free in {site.region}"
            f"{' of this account' if elsewhere else ''}.",
            code="address_not_free",
            remedy="Choose a free address of the same account and region, or let Egret allocate a "
            "new one.",
            about=[address] if address else (),
            errors={"addresses": "One of these is not free there."},
        )
    return address
