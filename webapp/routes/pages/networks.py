"""Pages of networks."""

from functools import cache
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Admin, ConfirmedAdmin, Context, Operator, Router, Viewer
from webapp.edge.refusals import note
from webapp.errors import EgretError, Invalid, Upstream
from webapp.models import MAX_ZONES, AuditResult, Nat, NewNetwork, Shape, Status
from webapp.models.costs import TRAFFIC_USD_PER_GB, monthly_usd
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, errors_by_field
from webapp.rendering.lists import ListQuery, counts
from webapp.rendering.prepared import prepared
from webapp.rendering.templating import form_address, page, see_other
from webapp.rendering.timelines import timeline_of
from webapp.rendering.topologies import topology_of
from webapp.services import accounts, addresses, keys, networks
from webapp.services.addresses.pool import FREE_MAX
from webapp.services.inspection import proofs
from webapp.services.networks import change, listing, preflight
from webapp.services.networks.preflight import Preflight

router = Router()


@router.get("/networks")
def index(ctx: Viewer, asked: ListQuery) -> HTMLResponse:
    wanted = listing.Wanted(
        q=asked.text("q"), status=asked.choice("status", Status), region=asked.text("region")
    )
    filters = asked.filters("q", "status", "region")
    total, matching = counts(listing.count_of, ctx.session, wanted, filters)
    shown = listing.page(ctx.session, wanted, asked.place)
    return page(
        ctx.request,
        "networks/index.html",
        shown=shown,
        rows=prepared.rows("networks/_row.html", shown.rows),
        filters=filters,
        total=total,
        matching=matching,
        regions=ctx.settings.region_names,
    )


@router.get("/networks/new")
def new(ctx: Operator, draft: Draft) -> HTMLResponse:
    return _new(ctx, draft.filled_in(NewNetwork, region=ctx.settings.home_region), {})


@router.post("/networks")
def create(ctx: Operator, form: Form) -> Response:
    try:
        network = networks.create(ctx.scope, form.build(NewNetwork))
    except EgretError as error:
        ctx.session.rollback()
        return _new(ctx, form.filled_in(NewNetwork), errors_by_field(error))
    return see_other(f"/networks/{network.name}", f"{network.name} is being created.")


@router.post("/networks/preflight")
def ask_to_check(ctx: Operator, _form: Form) -> Response:
    """To the address that shows the check; one with the whole form may be too long."""
    return see_other(f"{form_address(ctx.request)}#preflight")


@router.get("/networks/preflight")
def check(ctx: Operator, form: Draft) -> Response:
    """The form again, with what its network would be. Creates nothing, so it has an address."""
    if not ctx.request.query_params:
        return see_other("/networks/new")
    shown = form.filled_in(NewNetwork)
    try:
        found = preflight.check(ctx.scope, form.build(NewNetwork))
    except EgretError as error:
        return _new(ctx, shown, errors_by_field(error))
    return _new(ctx, shown, {}, found)


@router.get("/networks/{name}")
def show(ctx: Viewer, name: str) -> HTMLResponse:
    return _show(ctx, name)


@router.post("/networks/{name}/attempts")
def retry(ctx: Operator, name: str) -> Response:
    networks.retry(ctx.scope, name)
    return _to_network_or_list(ctx, name, f"Retrying {name}.")


@router.post("/networks/{name}/proofs")
def prove(ctx: Operator, name: str) -> Response:
    try:
        tested = proofs.prove(ctx.scope, networks.get(ctx.session, name))
    except Upstream as error:
        note(ctx.request, error.code, result=AuditResult.FAILED)
        return see_other(f"/networks/{name}#proofs", f"Not tested. {error}", kind="error")
    wrong = [proof.availability_zone for proof in tested if not proof.ok]
    if wrong:
        zones = ", ".join(wrong)
        notice = f"Tested: calls from {zones} don't come from the expected address."
        return see_other(f"/networks/{name}#status", notice, kind="error")
    return see_other(f"/networks/{name}#proofs", "Tested: every zone calls from its address.")


@router.post("/networks/{name}/parking")
def park(ctx: Operator, name: str) -> Response:
    network = networks.park(ctx.scope, name)
    return see_other(f"/networks/{name}", f"{name} is {network.status}.")


@router.post("/networks/{name}/unparking")
def unpark(ctx: Operator, name: str) -> Response:
    network = networks.unpark(ctx.scope, name)
    return see_other(f"/networks/{name}", f"{name} is {network.status}.")


@router.post("/networks/{name}/protection")
def protect(ctx: Admin, name: str, form: Form) -> Response:
    on = form.text("protected") == "on"
    networks.protect(ctx.scope, name, on=on)
    notice = f"{name} is {'now' if on else 'no longer'} protected from deletion."
    return see_other(f"/networks/{name}#deletion", notice)


@router.post("/networks/{name}/deletion")
def delete(ctx: ConfirmedAdmin, name: str, form: Form) -> Response:
    typed, retain = form.text("confirm"), form.texts("retain")
    try:
        networks.delete(ctx.scope, name, typed=typed, retain=retain)
    except Invalid as error:
        return _show(ctx, name, confirm_error=error.detail, status_code=422)
    return _to_network_or_list(ctx, name, f"{name} is being deleted.")


def _to_network_or_list(ctx: Context, name: str, notice: str) -> Response:
    """To the list if the network was deleted at once."""
    if networks.find(ctx.session, name):
        return see_other(f"/networks/{name}", notice)
    return see_other("/networks", f"{name} was deleted.")


def _show(
    ctx: Context, name: str, *, confirm_error: str = "", status_code: int = 200
) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    matches = keys.match_all(ctx.session, detail.network, detail.addresses)
    return page(
        ctx.request,
        "networks/show.html",
        status_code=status_code,
        detail=detail,
        topology=topology_of(detail),
        timeline=timeline_of(ctx.session, detail.network),
        matches=matches.rows,
        more_keys=matches.more,
        confirm_error=confirm_error,
        lacking=change.insufficient_keys(ctx.session, detail.network, matches.rows)
        if detail.network.change
        else [],
        shapes=_larger(detail.network.shape),
    )


def _new(
    ctx: Context, form: dict[str, Any], errors: dict[str, str], found: Preflight | None = None
) -> HTMLResponse:
    return page(
        ctx.request,
        "networks/new.html",
        status_code=422 if errors else 200,
        form=form,
        errors=errors,
        preflight=found,
        regions=ctx.settings.region_names,
        accounts=accounts.choices(ctx.session),
        costs=_costs(),
        traffic_usd_per_gb=TRAFFIC_USD_PER_GB,
        free_addresses=addresses.free(ctx.session, chosen=form["addresses"]),
        free_max=FREE_MAX,
    )


@cache
def _larger(now: Shape) -> tuple[tuple[Shape, float], ...]:
    """The shapes that a network may be changed to, and the monthly cost of each in US dollars."""
    every = [Shape(zones, nat) for zones in range(1, MAX_ZONES + 1) for nat in Nat]
    return tuple(
        (shape, monthly_usd(nat_gateways=shape.nat_gateways, addresses=shape.nat_gateways))
        for shape in every
        if shape != now
        and shape.availability_zones >= now.availability_zones
        and shape.nat_gateways >= now.nat_gateways
        and not (shape.availability_zones == 1 and now.availability_zones == 1)
    )


def _costs() -> list[tuple[int, str, float]]:
    """The monthly cost in US dollars for each number of zones and kind of NAT."""
    return [
        (zones, nat.value, monthly_usd(nat_gateways=nats, addresses=nats))
        for zones in range(1, MAX_ZONES + 1)
        for nat, nats in ((Nat.SINGLE, 1), (Nat.PER_AZ, zones))
    ]
