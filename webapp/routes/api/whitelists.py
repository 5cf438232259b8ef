"""The whitelist kit by the API."""

from fastapi import APIRouter, Response

from webapp.deps import ApiCaller
from webapp.routes.api.schemas.whitelists import (
    NewWhitelisting,
    WhitelistingOut,
    WhitelistOut,
    whitelist_out,
    whitelisting_out,
)
from webapp.services import whitelists
from webapp.services.networks import lifecycle as networks

router = APIRouter(prefix="/networks/{name}/whitelist", tags=["whitelists"])


@router.get("")
def show(ctx: ApiCaller, name: str) -> WhitelistOut:
    network = networks.get(ctx.session, name)
    found = whitelists.list_all(ctx.session, network)
    return whitelist_out(network, whitelists.kit(ctx.session, network), found)


@router.post("/partners", status_code=201)
def send(ctx: ApiCaller, name: str, new: NewWhitelisting) -> WhitelistingOut:
    """Note that a partner was sent the addresses that the network has now."""
    made = whitelists.send(
        ctx.session, actor=ctx.actor, name=name, partner=new.partner, function=new.function
    )
    return _out(ctx, name, made.id)


@router.post("/partners/{whitelisting_id}/sending")
def send_again(ctx: ApiCaller, name: str, whitelisting_id: str) -> WhitelistingOut:
    """The partner was sent the addresses of now."""
    whitelists.send_again(ctx.session, actor=ctx.actor, name=name, whitelisting_id=whitelisting_id)
    return _out(ctx, name, whitelisting_id)


@router.post("/partners/{whitelisting_id}/confirmation")
def confirm(ctx: ApiCaller, name: str, whitelisting_id: str) -> WhitelistingOut:
    """The partner says that they are on its list."""
    whitelists.confirm(ctx.session, actor=ctx.actor, name=name, whitelisting_id=whitelisting_id)
    return _out(ctx, name, whitelisting_id)


@router.delete("/partners/{whitelisting_id}", status_code=204)
def forget(ctx: ApiCaller, name: str, whitelisting_id: str) -> Response:
    whitelists.forget(ctx.session, actor=ctx.actor, name=name, whitelisting_id=whitelisting_id)
    return Response(status_code=204)


@router.post("/link")
def publish(ctx: ApiCaller, name: str) -> WhitelistOut:
    """Make the addresses readable by everyone who has the URL."""
    whitelists.publish(ctx.session, actor=ctx.actor, name=name)
    return show(ctx, name)


@router.delete("/link")
def withdraw(ctx: ApiCaller, name: str) -> WhitelistOut:
    whitelists.withdraw(ctx.session, actor=ctx.actor, name=name)
    return show(ctx, name)


def _out(ctx: ApiCaller, name: str, whitelisting_id: str) -> WhitelistingOut:
    found = whitelists.list_all(ctx.session, networks.get(ctx.session, name))
    return next(whitelisting_out(d) for d in found if d.whitelisting.id == whitelisting_id)
