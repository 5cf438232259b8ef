"""The page of addresses."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import ConfirmedAdmin, Context, Operator, Router, Viewer
from webapp.errors import EgretError
from webapp.lists.keyset import Place
from webapp.models import Address, AddressStatus, Site
from webapp.models.costs import monthly_usd
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import FieldErrors, Form, errors_by_field
from webapp.rendering.lists import NOTHING_ASKED, Asked, ListQuery, counts
from webapp.rendering.prepared import prepared
from webapp.rendering.templating import page, see_other
from webapp.services import accounts, addresses
from webapp.services.addresses import adoption
from webapp.services.addresses.details import Wanted
from webapp.services.networks import listing

router = Router()
TYPED = ("address", "name", "adopt", "region", "account")
"""What the page's forms send; `address` is the id of the one that gets a name."""


@router.get("/addresses")
def index(ctx: Viewer, draft: Draft, asked: ListQuery) -> HTMLResponse:
    return _index(ctx, {}, draft.shown(*TYPED), asked)


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
        shown = form.shown(*TYPED) | {"address": address_id}
        return _index(ctx, errors_by_field(error), shown, at=address_id)
    return _back(address, "Renamed")


@router.post("/addresses/{address_id}/recovery")
def recover(ctx: Operator, address_id: str) -> Response:
    try:
        address = addresses.recover(ctx.scope, address_id)
    except EgretError as error:
        return _index(ctx, errors_by_field(error), at=address_id)
    return _back(address, "Recovered")


@router.post("/addresses/{address_id}/release")
def release(ctx: ConfirmedAdmin, address_id: str, form: Form) -> Response:
    ip = addresses.get(ctx.session, address_id).public_ip
    try:
        addresses.release(ctx.scope, address_id, typed=form.text("confirm"))
    except EgretError as error:
        return _index(ctx, FieldErrors({address_id: str(error)}, error.code), at=address_id)
    return see_other("/addresses", f"Released {ip}.")


def _site(ctx: Context, form: Form) -> Site:
    return accounts.site_for(ctx.session, form.text("account"), form.text("region"))


def _back(address: Address, done: str) -> Response:
    return see_other(address.page, f"{done} {address.public_ip}.")


def _index(
    ctx: Context,
    errors: dict[str, str],
    form: dict[str, str] | None = None,
    asked: Asked = NOTHING_ASKED,
    *,
    at: str = "",
) -> HTMLResponse:
    """The page that is asked for, or the one that begins `at` the address with that id."""
    wanted = Wanted(
        q=asked.text("q"),
        status=asked.choice("status", AddressStatus),
        region=asked.text("in"),  # `region` is a field of the forms
    )
    filters = asked.filters("q", "status", "in")
    total, matching = counts(addresses.count_of, ctx.session, wanted, filters)
    shown = listing.addresses.page(
        ctx.session, wanted, _place(ctx, asked, at or asked.text("from"))
    )
    form = form or dict.fromkeys(TYPED, "")
    return page(
        ctx.request,
        "addresses/index.html",
        status_code=422 if errors else 200,
        shown=shown,
        rows=prepared.rows("addresses/_row.html", shown.rows, ctx.role, said=_said(form, errors)),
        filters=filters,
        total=total,
        matching=matching,
        regions=ctx.settings.region_names,
        accounts=accounts.choices(ctx.session),
        address_cost_usd=monthly_usd(nat_gateways=0, addresses=1),
        errors=errors,
        form=form,
    )


def _said(form: dict[str, str], errors: dict[str, str]) -> dict[str, dict[str, str]]:
    """What the forms of single addresses say, by the address's id."""
    said = {id: {"error": error} for id, error in errors.items()}
    if id := form["address"]:
        said[id] = said.get(id, {}) | {"typed": form["name"]}
    return said


def _place(ctx: Context, asked: Asked, address_id: str) -> Place:
    """Where that address is, if it is not among the first ones anyway."""
    return addresses.place_of(ctx.session, address_id) if address_id else asked.place
