"""Addresses by the API."""

from typing import Annotated

from fastapi import Query, Response

from webapp.deps import ConfirmedAdmin, Operator, Router, Viewer
from webapp.routes.api.schemas.addresses import AddressName, AddressOut, NewAddress, address_out
from webapp.routes.api.schemas.lists import After, Limit, Listed, listed
from webapp.services import accounts, addresses
from webapp.services.addresses import adoption

router = Router(prefix="/addresses", tags=["addresses"])
Confirmed = Annotated[str, Query(description="The address itself, to confirm it")]


@router.get("", operation_id="list_addresses", summary="List addresses")
def index(ctx: Viewer, limit: Limit = 50, after: After = None) -> Listed[AddressOut]:
    """In the order of their ids."""
    every = sorted(addresses.list_all(ctx.session), key=lambda d: d.address.id)
    return listed(every, address_out, lambda d: d.address.id, limit=limit, after=after)


@router.post(
    "", status_code=201, operation_id="create_address", summary="Allocate or adopt an address"
)
def create(ctx: Operator, new: NewAddress) -> AddressOut:
    """Allocate an address, or adopt one that the account already has."""
    scope, name = ctx.scope, new.name
    site = accounts.site_for(ctx.session, new.account, new.region)
    if new.adopt:
        address = adoption.adopt(scope, site=site, wanted=new.adopt, name=name)
    else:
        address = addresses.create(scope, site=site, name=name)
    return address_out(addresses.detail(ctx.session, address.id))


@router.get("/{address_id}", operation_id="show_address", summary="Show an address")
def show(ctx: Viewer, address_id: str) -> AddressOut:
    """With what uses it and what it costs."""
    return address_out(addresses.detail(ctx.session, address_id))


@router.patch("/{address_id}", operation_id="rename_address", summary="Rename an address")
def rename(ctx: Operator, address_id: str, sent: AddressName) -> AddressOut:
    """Give it another name, in AWS too."""
    addresses.rename(ctx.scope, address_id, name=sent.name)
    return address_out(addresses.detail(ctx.session, address_id))


@router.post(
    "/{address_id}/recovery", operation_id="recover_address", summary="Recover a lost address"
)
def recover(ctx: Operator, address_id: str) -> AddressOut:
    """Ask AWS for a lost address again."""
    addresses.recover(ctx.scope, address_id)
    return address_out(addresses.detail(ctx.session, address_id))


@router.delete(
    "/{address_id}",
    status_code=204,
    operation_id="release_address",
    summary="Release an address",
    response_class=Response,
)
def release(ctx: ConfirmedAdmin, address_id: str, confirm: Confirmed = "") -> Response:
    """Return the address to AWS for ever. `confirm` is the address itself."""
    addresses.release(ctx.scope, address_id, typed=confirm)
    return Response(status_code=204)
