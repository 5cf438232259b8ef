"""The whitelist of a network by the API."""

from fastapi import Response

from webapp.deps import Admin, ConfirmedAdmin, ConfirmedOperator, Context, Operator, Router, Viewer
from webapp.models import NewWhitelisting
from webapp.routes.api.schemas.whitelists import (
    WhitelistingOut,
    WhitelistOut,
    whitelist_out,
    whitelisting_out,
)
from webapp.services import networks, whitelists

router = Router(prefix="/networks/{name}/whitelist", tags=["whitelists"])


@router.get("", operation_id="show_whitelist", summary="Show the whitelist of a network")
def show(ctx: Viewer, name: str) -> WhitelistOut:
    """Its addresses in the formats that partners ask for, and its partners."""
    network = networks.get(ctx.session, name)
    found = whitelists.list_all(ctx.session, network)
    return whitelist_out(network, whitelists.kit(ctx.session, network), found)


@router.post(
    "/partners",
    status_code=201,
    operation_id="send_whitelist",
    summary="Send the addresses to a partner",
)
def send(ctx: Operator, name: str, new: NewWhitelisting) -> WhitelistingOut:
    """Record that a partner was sent the addresses that the network has now."""
    made = whitelists.send(ctx.scope, name, partner=new.partner, function=new.function)
    return _out(ctx, name, made.id)


@router.post(
    "/partners/{whitelisting_id}/sending",
    operation_id="send_whitelist_again",
    summary="Send the addresses to a partner again",
)
def send_again(ctx: Operator, name: str, whitelisting_id: str) -> WhitelistingOut:
    """Record that the partner was sent the current addresses."""
    whitelists.send_again(ctx.scope, name, whitelisting_id)
    return _out(ctx, name, whitelisting_id)


@router.post(
    "/partners/{whitelisting_id}/confirmation",
    operation_id="confirm_whitelist",
    summary="Confirm that a partner has whitelisted the addresses",
)
def confirm(ctx: Operator, name: str, whitelisting_id: str) -> WhitelistingOut:
    """Record that the partner has whitelisted them."""
    whitelists.confirm(ctx.scope, name, whitelisting_id)
    return _out(ctx, name, whitelisting_id)


@router.delete(
    "/partners/{whitelisting_id}",
    status_code=204,
    operation_id="forget_partner",
    summary="Forget a partner",
    response_class=Response,
)
def forget(ctx: ConfirmedOperator, name: str, whitelisting_id: str) -> Response:
    """Only the record is deleted; nothing is sent."""
    whitelists.forget(ctx.scope, name, whitelisting_id)
    return Response(status_code=204)


@router.post("/link", operation_id="publish_whitelist", summary="Publish the addresses")
def publish(ctx: ConfirmedAdmin, name: str) -> WhitelistOut:
    """Create the public link: everyone who has it can read the addresses."""
    whitelists.publish(ctx.scope, name)
    return show(ctx, name)


@router.delete("/link", operation_id="withdraw_whitelist", summary="Withdraw the public link")
def withdraw(ctx: Admin, name: str) -> WhitelistOut:
    """Who has the link gets 404 from now on."""
    whitelists.withdraw(ctx.scope, name)
    return show(ctx, name)


def _out(ctx: Context, name: str, whitelisting_id: str) -> WhitelistingOut:
    found = whitelists.list_all(ctx.session, networks.get(ctx.session, name))
    return next(whitelisting_out(d) for d in found if d.whitelisting.id == whitelisting_id)
