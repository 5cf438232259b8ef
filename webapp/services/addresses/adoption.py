"""Adoption: Egret starts managing an Elastic IP that the account already has."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from webapp.aws.addresses import Allocation
from webapp.errors import Conflict, Invalid
from webapp.models import Address, AddressStatus
from webapp.models.address import LABEL_PREFIX
from webapp.services.names import check_label, check_region
from webapp.services.scope import CloudScope


def adopt(scope: CloudScope, *, region: str, wanted: str, name: str = "") -> Address:
    """Adopt the Elastic IP with that allocation id or public address.

    Without a `name` it keeps its name in AWS. Raises Conflict while something uses it, because
    Egret could then not attach it to a network.
    """
    wanted = wanted.strip()
    every = scope.cloud.addresses.list_all(check_region(scope.settings, region))
    found = next((a for a in every if wanted in (a.allocation_id, a.public_ip)), None)
    if found is None:
        raise Invalid(
            f"The account has no Elastic IP {wanted} in {region}.",
            code="address_unknown",
            remedy="Check its allocation id and its region in the EC2 console.",
            field="adopt",
        )
    _check_adoptable(scope.session, found)
    address = Address(
        region=region,
        status=AddressStatus.FREE,
        allocation_id=found.allocation_id,
        public_ip=found.public_ip,
        name=check_label(name) or found.name.removeprefix(LABEL_PREFIX),
    )
    scope.session.add(address)
    scope.cloud.addresses.adopt(region, found.allocation_id, address.id, name=address.label)
    scope.record("adopt", address)
    try:
        scope.session.commit()
    except IntegrityError:  # another request adopted it at the same moment
        scope.session.rollback()
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
    return Conflict(f"{found.public_ip} is already managed by Egret.", code="address_known")
