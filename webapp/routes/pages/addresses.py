"""The page of addresses."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, Router, SignedIn
from webapp.errors import EgretError
from webapp.forms import Form, errors_by_field
from webapp.models.costs import monthly_usd
from webapp.services import addresses
from webapp.services.addresses import adoption
from webapp.templating import page, see_other

router = Router()


@router.get("/addresses")
def index(ctx: SignedIn) -> HTMLResponse:
    return _index(ctx, {})


@router.post("/addresses")
def create(ctx: SignedIn, form: Form) -> Response:
    try:
        address = addresses.create(ctx.scope, region=form.text("region"))
    except EgretError as error:
        return _index(ctx, errors_by_field(error))
    return see_other("/addresses", f"Allocated {address.public_ip}.")


@router.post("/addresses/adoption")
def adopt(ctx: SignedIn, form: Form) -> Response:
    wanted = form.text("adopt")
    try:
        address = adoption.adopt(ctx.scope, region=form.text("region"), wanted=wanted)
    except EgretError as error:
        return _index(ctx, errors_by_field(error), adopt=wanted)
    return see_other("/addresses", f"Adopted {address.public_ip}.")


@router.post("/addresses/{address_id}/name")
def rename(ctx: SignedIn, address_id: str, form: Form) -> Response:
    try:
        address = addresses.rename(ctx.scope, address_id, name=form.text("name"))
    except EgretError as error:
        ctx.session.rollback()
        return _index(ctx, errors_by_field(error))
    return see_other("/addresses", f"Renamed {address.public_ip}.")


@router.post("/addresses/{address_id}/recovery")
def recover(ctx: SignedIn, address_id: str) -> Response:
    try:
        address = addresses.recover(ctx.scope, address_id)
    except EgretError as error:
        return _index(ctx, {"": f"{error.detail} {error.remedy}"})
    return see_other("/addresses", f"Recovered {address.public_ip}.")


@router.post("/addresses/{address_id}/release")
def release(ctx: SignedIn, address_id: str, form: Form) -> Response:
    ip = addresses.get(ctx.session, address_id).public_ip
    try:
        addresses.release(ctx.scope, address_id, typed=form.text("confirm"))
    except EgretError as error:
        return _index(ctx, {address_id: str(error)})
    return see_other("/addresses", f"Released {ip}.")


def _index(ctx: Context, errors: dict[str, str], *, adopt: str = "") -> HTMLResponse:
    return page(
        ctx.request,
        "addresses/index.html",
        status_code=422 if errors else 200,
        addresses=addresses.list_all(ctx.session),
        regions=ctx.settings.region_names,
        address_cost_usd=monthly_usd(nat_gateways=0, addresses=1),
        errors=errors,
        adopt=adopt,
    )
