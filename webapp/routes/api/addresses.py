"""Addresses by the API."""

from typing import Annotated

from fastapi import Depends, Query, Response

from webapp.deps import ConfirmedAdmin, Operator, Router, Viewer
from webapp.models import AddressStatus
from webapp.routes.api.schemas.addresses import AddressName, AddressOut, NewAddress, address_out
from webapp.routes.api.schemas.lists import After, InRegion, Limit, Listed, listed, place
from webapp.services import accounts, addresses
from webapp.services.addresses import adoption
from webapp.services.addresses.details import BY_ID, EVERY, Wanted

router = Router(prefix="/addresses", tags=["addresses"])
Searched = Annotated[
    str, Query(max_length=60, description="Only those, or those with a name, that begin with this")
]
OfStatus = Annotated[AddressStatus | None, Query(description="Only those of this status")]
Confirmed = Annotated[str, Query(description="The address itself, to confirm it")]


async def _wanted(q: Searched = "", status: OfStatus = None, region: InRegion = "") -> Wanted:
    return Wanted(q=q, status=status, region=region)


@router.get("", operation_id="list_addresses", summary="List addresses")
def index(
    ctx: Viewer,
    wanted: Annotated[Wanted, Depends(_wanted)],
    limit: Limit = 50,
    after: After = None,
) -> Listed[AddressOut]:
    """In the order of their ids. With a filter, oldest first; with `q`, by what it searches."""
    order = BY_ID if wanted == EVERY else wanted.order
    found = addresses.page(ctx.session, wanted, place(after, limit), order=order)
    return listed(found, address_out)


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
