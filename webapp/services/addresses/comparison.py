"""The regular comparison of the addresses of a site with AWS.

An address that was released outside Egret becomes *lost*. What a crash left half done is finished:
an allocation is found by its tag, a release is repeated.
"""

import logging
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from webapp.errors import EgretError
from webapp.models import Address, AddressStatus, Site, utc_now
from webapp.scope import CloudScope
from webapp.services.addresses.lifecycle import finish_release
from webapp.services.addresses.pool import allocated_status, set_free

ALLOCATION_TIMEOUT_S = 120.0
AS_IN_AWS = (AddressStatus.FREE, AddressStatus.IN_USE)

log = logging.getLogger("egret.addresses")


def compare_with_aws(scope: CloudScope, site: Site) -> None:
    """Bring the site's rows up to date.

    The rows are read first, so that an address allocated in between is not mistaken for lost.
    """
    rows = scope.session.execute(_columns(site)).all()
    if not rows:
        return  # nothing to compare: AWS need not be asked
    allocated = scope.cloud_of(site).addresses.list_all(site.region)
    existing = {found.allocation_id for found in allocated}
    for row in rows:
        is_well = row.status in AS_IN_AWS and row.allocation_id in existing
        address = None if is_well else scope.session.get(Address, row.id, populate_existing=True)
        if address is None:
            continue
        try:
            _compare(scope, address, existing)
        except EgretError as error:
            log.warning("the address %s waits: %s", address.public_ip or address.id, error)
        scope.session.commit()


def _columns(site: Site) -> Select[Any]:
    """What is compared, of all addresses of the site: most are well, and are not made objects."""
    names = (Address.id, Address.status, Address.allocation_id)
    columns: list[Any] = [col(name) for name in names]
    return select(*columns).where(site.holds(Address))


def _compare(scope: CloudScope, address: Address, existing: set[str]) -> None:
    if address.status is AddressStatus.RELEASING:
        finish_release(scope, address, is_lost=address.allocation_id not in existing)
    elif address.allocation_id is None:
        if not address.network_id and _is_abandoned(address):
            set_free(scope.session, scope.cloud_of(address), [address])
    elif address.allocation_id not in existing:
        address.status = AddressStatus.LOST
    elif address.status is AddressStatus.LOST:
        address.status = allocated_status(address)


def _is_abandoned(address: Address) -> bool:
    """Whether the process that was allocating it must be gone."""
    return (utc_now() - address.created_at).total_seconds() > ALLOCATION_TIMEOUT_S
