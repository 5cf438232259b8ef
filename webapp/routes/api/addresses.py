"""Addresses by the API."""

from fastapi import APIRouter, Response

from webapp.deps import ApiCaller
from webapp.routes.api.paging import After, Limit
from webapp.routes.api.schemas.addresses import AddressName, AddressOut, NewAddress, address_out
from webapp.routes.api.schemas.networks import Listed, listed
from webapp.services.addresses import adoption
from webapp.services.addresses import pool as addresses

router = APIRouter(prefix="/addresses", tags=["addresses"])


@router.get("")
def index(ctx: ApiCaller, limit: Limit = 50, after: After = None) -> Listed[AddressOut]:
    every = sorted(addresses.list_all(ctx.session), key=lambda d: d.address.id)
    return listed(every, address_out, lambda d: d.address.id, limit=limit, after=after)


@router.post("", status_code=201)
def create(ctx: ApiCaller, new: NewAddress) -> AddressOut:
    """Allocate an address, or adopt one that the account has already."""
    if new.adopt:
        address = adoption.adopt(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            region=new.region,
            wanted=new.adopt,
            name=new.name,
        )
    else:
        address = addresses.create(
            ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, region=new.region, name=new.name
        )
    return address_out(addresses.detail(ctx.session, address.id))


@router.get("/{address_id}")
def show(ctx: ApiCaller, address_id: str) -> AddressOut:
    return address_out(addresses.detail(ctx.session, address_id))


@router.patch("/{address_id}")
def rename(ctx: ApiCaller, address_id: str, sent: AddressName) -> AddressOut:
    """Call it something else; its name in AWS changes too."""
    addresses.rename(ctx.session, ctx.cloud, address_id, actor=ctx.actor, name=sent.name)
    return address_out(addresses.detail(ctx.session, address_id))


@router.post("/{address_id}/recovery")
def recover(ctx: ApiCaller, address_id: str) -> AddressOut:
    """Ask AWS for a lost address again."""
    addresses.recover(ctx.session, ctx.cloud, address_id, actor=ctx.actor)
    return address_out(addresses.detail(ctx.session, address_id))


@router.delete("/{address_id}", status_code=204)
def release(ctx: ApiCaller, address_id: str, confirm: str = "") -> Response:
    """Gives the address back to AWS, for ever. `confirm` is the address itself."""
    addresses.release(ctx.session, ctx.cloud, address_id, actor=ctx.actor, typed=confirm)
    return Response(status_code=204)
