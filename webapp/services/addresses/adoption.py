"""Adoption: Egret starts managing an Elastic IP that the account already has."""

from ipaddress import IPv4Address

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.aws.addresses import NAT_GATEWAY, Allocation, Use
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus, Site
from webapp.models.address import LABEL_PREFIX
from webapp.scope import CloudScope
from webapp.services.names import check_label, check_region

SERVICES = {
    "alb": "an application load balancer",
    "nlb": "a network load balancer",
    "rds": "RDS",
    "rnat": "a regional NAT gateway",
}
"""By EC2's names for who manages an address."""


def adopt(scope: CloudScope, *, site: Site, wanted: str, name: str = "") -> Address:
    """Adopt the Elastic IP with that allocation id or public address.

    Without a `name` it keeps its name in AWS. Raises Conflict while something uses it, because
    Egret could then not attach it to a network.
    """
    wanted = wanted.strip()
    region, aws = check_region(scope.settings, site.region), scope.cloud_of(site).addresses
    every = aws.list_all(region)
    found = next((a for a in every if wanted and wanted in (a.allocation_id, a.public_ip)), None)
    if found is None:
        raise Invalid(
            f"The account has no Elastic IP {wanted} in {region}.",
            code="address_unknown",
            remedy="Check its allocation id and its region in the EC2 console.",
            field="adopt",
        )
    _check_unknown(scope.session, found)
    _check_suitable(region, found)
    if found.associated:
        raise _used(found, aws.use_of(region, found), region)
    address = Address(
        account_id=site.account_id,
        region=region,
        status=AddressStatus.FREE,
        allocation_id=found.allocation_id,
        public_ip=found.public_ip,
        name=check_label(name) or found.name.removeprefix(LABEL_PREFIX),
    )
    aws.adopt(region, found.allocation_id, address.id, name=address.label)
    scope.session.add(address)
    scope.record("adopt", address)
    try:
        scope.session.commit()
    except IntegrityError:  # another request adopted it at the same moment
        scope.session.rollback()
        _check_unknown(scope.session, found)
        raise
    return address


def _check_unknown(session: Session, found: Allocation) -> None:
    known = session.exec(select(Address).where(Address.allocation_id == found.allocation_id))
    if row := known.first():
        raise Conflict(
            f"{found.public_ip} is already managed by Egret.", code="address_known", about=[row]
        )


def _check_suitable(region: str, found: Allocation) -> None:
    """Raises Conflict for an address that no NAT gateway of a network can ever have."""
    if found.border_group not in ("", region):
        problem = f"belongs to the zone group {found.border_group}, not to {region} itself"
    elif found.managed_by:
        service = SERVICES.get(found.managed_by, found.managed_by)
        problem = f"was allocated by an AWS service for itself ({service})"
    elif found.outpost:
        problem = "belongs to the pool of an Outpost"
    elif found.carrier:
        problem = "belongs to the carrier of a Wavelength Zone"
    elif not _is_ipv4(found.public_ip):
        problem = "is not a public IPv4 address"
    else:
        return
    raise Conflict(
        f"{found.public_ip or found.allocation_id} {problem}, so a network's NAT gateway cannot "
        "have it.",
        code="address_not_suitable",
        remedy=f"Adopt another Elastic IP of {region}, or let Egret allocate one.",
    )


def _is_ipv4(ip: str) -> bool:
    try:
        IPv4Address(ip)
    except ValueError:
        return False
    return True


def _used(found: Allocation, use: Use, region: str) -> Conflict:
    what = f"the {use.kind} {use.id}".strip() + (f" ({use.what})" if use.what else "")
    return Conflict(
        f"{found.public_ip} is used by {what}.",
        code="address_associated",
        remedy=_how_to_free(found, use, region),
    )


def _how_to_free(found: Allocation, use: Use, region: str) -> str:
    if use.kind == NAT_GATEWAY and not use.removable:
        return (
            f"AWS cannot disassociate it, because it is the gateway's first address. Delete "
            f"{use.id}, wait until it is gone, then adopt {found.public_ip}: the address stays "
            "yours. Calls through that gateway stop when it is deleted, and work again from a "
            "network here that has the address."
        )
    if use.kind == NAT_GATEWAY:
        return (
            "Disassociate it first: aws ec2 disassociate-nat-gateway-address --nat-gateway-id "
            f"{use.id} --association-ids {found.association_id} --region {region}"
        )
    if not use.removable:
        return "An AWS service made this interface. Delete or change what it belongs to first."
    return (
        "Disassociate it first: aws ec2 disassociate-address --association-id "
        f"{found.association_id} --region {region}"
    )
