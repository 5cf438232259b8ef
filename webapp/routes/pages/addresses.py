"""The page of addresses."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import ConfirmedAdmin, Context, Operator, Router, Viewer
from webapp.errors import EgretError
from webapp.models import Address, Site
from webapp.models.costs import monthly_usd
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import FieldErrors, Form, errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.services import accounts, addresses, networks
from webapp.services.addresses import adoption

router = Router()
TYPED = ("address", "name", "adopt", "region", "account")
"""What the page's forms send; `address` is the id of the one that gets a name."""


@router.get("/addresses")
def index(ctx: Viewer, draft: Draft) -> HTMLResponse:
    return _index(ctx, {}, draft.shown(*TYPED))


@router.post("/addresses")
def create(ctx: Operator, form: Form) -> Response:
    try:
        address = addresses.create(ctx.scope, site=_site(ctx, form))
    except EgretError as error:
        return _index(ctx, errors_by_field(error), form.shown(*TYPED))
    return _back(address, "Allocated")


@router.post("/addresses/adoption")
def adopt(ctx: Operator, form: Form) -> Response:
    wanted = form.text("adopt")
    try:
        address = adoption.adopt(ctx.scope, site=_site(ctx, form), wanted=wanted)
    except EgretError as error:
        return _index(ctx, errors_by_field(error), form.shown(*TYPED))
    return _back(address, "Adopted")


@router.post("/addresses/{address_id}/name")
def rename(ctx: Operator, address_id: str, form: Form) -> Response:
    try:
        address = addresses.rename(ctx.scope, address_id, name=form.text("name"))
    except EgretError as error:
        ctx.session.rollback()
        return _index(ctx, errors_by_field(error), form.shown(*TYPED) | {"address": address_id})
    return _back(address, "Renamed")


@router.post("/addresses/{address_id}/recovery")
def recover(ctx: Operator, address_id: str) -> Response:
    try:
        address = addresses.recover(ctx.scope, address_id)
    except EgretError as error:
        return _index(ctx, errors_by_field(error))
    return _back(address, "Recovered")


@router.post("/addresses/{address_id}/release")
def release(ctx: ConfirmedAdmin, address_id: str, form: Form) -> Response:
    ip = addresses.get(ctx.session, address_id).public_ip
    try:
        addresses.release(ctx.scope, address_id, typed=form.text("confirm"))
    except EgretError as error:
        return _index(ctx, FieldErrors({address_id: str(error)}, error.code))
    return see_other("/addresses", f"Released {ip}.")


def _site(ctx: Context, form: Form) -> Site:
    return accounts.site_for(ctx.session, form.text("account"), form.text("region"))


def _back(address: Address, done: str) -> Response:
    return see_other(address.page, f"{done} {address.public_ip}.")


def _index(
    ctx: Context, errors: dict[str, str], form: dict[str, str] | None = None
) -> HTMLResponse:
    return page(
        ctx.request,
        "addresses/index.html",
        status_code=422 if errors else 200,
        addresses=addresses.list_all(ctx.session),
        networks={detail.network.id: detail for detail in networks.list_all(ctx.session)},
        regions=ctx.settings.region_names,
        accounts=accounts.choices(ctx.session),
        address_cost_usd=monthly_usd(nat_gateways=0, addresses=1),
        errors=errors,
        form=form or dict.fromkeys(TYPED, ""),
    )
