"""Adoption: an Elastic IP that the account has already becomes an address of ours."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.aws.addresses import Allocation
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus
from webapp.models.address import LABEL_PREFIX
from webapp.services import audit
from webapp.services.names import check_label, check_region
from webapp.settings import Settings


def adopt(
    session: Session,
    cloud: Cloud,
    settings: Settings,
    *,
    actor: str,
    region: str,
    wanted: str,
    name: str = "",
) -> Address:
    """Take over an Elastic IP that the account has already, by its allocation id or address.

    Without a `name` it keeps the one that it has in AWS. Refused when something uses it: Egret
    could not keep it where it is.
    """
    wanted = wanted.strip()
    every = cloud.addresses.every(check_region(settings, region))
    found = next((a for a in every if wanted in (a.allocation_id, a.public_ip)), None)
    if found is None:
        raise Invalid(
            f"The account has no Elastic IP {wanted} in {region}.",
            code="address_unknown",
            remedy="Look in the EC2 console for its allocation id, and in which region it is.",
            field="adopt",
        )
    _check_adoptable(session, found)
    address = Address(
        region=region,
        status=AddressStatus.FREE,
        allocation_id=found.allocation_id,
        public_ip=found.public_ip,
        name=check_label(name) or found.name.removeprefix(LABEL_PREFIX),
    )
    session.add(address)
    cloud.addresses.adopt(region, found.allocation_id, address.id, name=address.label)
    audit.record(session, actor=actor, action="adopt", noun="address", name=found.public_ip)
    try:
        session.commit()
    except IntegrityError:  # somebody else adopted it in the same moment
        session.rollback()
        raise _known(found) from None
    return address


def _check_adoptable(session: Session, found: Allocation) -> None:
    known = session.exec(select(Address).where(Address.allocation_id == found.allocation_id))
    if known.first():
        raise _known(found)
    if found.associated:
        raise Conflict(
            f"{found.public_ip} is used by something else in the account.",
            code="address_associated",
            remedy="Disassociate it there first, in the EC2 console for instance.",
        )


def _known(found: Allocation) -> Conflict:
    return Conflict(f"{found.public_ip} is here already.", code="address_known")
