"""Pages of networks."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, SignedIn
from webapp.errors import EgretError, Invalid
from webapp.forms import Form, SentForm, errors_of
from webapp.models import MAX_ZONES, Nat, Network, Shape
from webapp.models.costs import monthly_usd
from webapp.services import keys
from webapp.services.addresses import pool as addresses
from webapp.services.engine import stacks as stack_work
from webapp.services.inspection import proofs
from webapp.services.networks import change as growth
from webapp.services.networks import lifecycle as networks
from webapp.services.networks import preflight
from webapp.templating import page, see_other

router = APIRouter()


@router.get("/networks")
def index(ctx: SignedIn, q: str = "", status: str = "") -> HTMLResponse:
    every = networks.list_all(ctx.session)
    shown = [
        detail
        for detail in every
        if q.lower() in detail.network.name and status in ("", detail.network.status)
    ]
    return page(
        ctx.request,
        "networks/index.html",
        networks=shown,
        total=len(every),
        q=q,
        status=status,
    )


@router.get("/networks/new")
def new(ctx: SignedIn) -> HTMLResponse:
    return _new(ctx, _blank(ctx), {})


@router.post("/networks")
def create(ctx: SignedIn, form: Form) -> Response:
    try:
        network = networks.create(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            name=form.text("name"),
            region=form.text("region"),
            cidr=form.text("cidr"),
            availability_zones=form.number("availability_zones"),
            nat=_nat(form.text("nat")),
            address_ids=form.texts("addresses"),
            environment=form.text("environment").strip(),
        )
    except EgretError as error:
        ctx.session.rollback()
        return _new(ctx, _filled_in(ctx, form), errors_of(error))
    return see_other(f"/networks/{network.name}")


@router.post("/networks/preflight")
def look(ctx: SignedIn, form: Form) -> Response:
    """The form again, with what its network would be: nothing is made."""
    again = _filled_in(ctx, form)
    try:
        found = preflight.look(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            name=form.text("name"),
            region=form.text("region"),
            cidr=form.text("cidr"),
            shape=Shape(form.number("availability_zones"), _nat(form.text("nat"))),
            address_ids=form.texts("addresses"),
            environment=form.text("environment"),
        )
    except EgretError as error:
        return _new(ctx, again, errors_of(error))
    return _new(ctx, again, {}, found)


@router.get("/networks/{name}")
def show(ctx: SignedIn, name: str) -> HTMLResponse:
    return _show(ctx, name)


@router.post("/networks/{name}/attempts")
def retry(ctx: SignedIn, name: str) -> Response:
    networks.retry(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return _see_it_or_all(ctx, name)


@router.post("/networks/{name}/proofs")
def prove(ctx: SignedIn, name: str) -> Response:
    network = networks.get(ctx.session, name)
    proofs.prove(ctx.session, ctx.cloud, network, actor=ctx.actor)
    return see_other(f"/networks/{name}")


@router.post("/networks/{name}/parking")
def park(ctx: SignedIn, name: str) -> Response:
    networks.park(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return see_other(f"/networks/{name}")


@router.post("/networks/{name}/unparking")
def unpark(ctx: SignedIn, name: str) -> Response:
    networks.unpark(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return see_other(f"/networks/{name}")


@router.post("/networks/{name}/change")
def propose(ctx: SignedIn, name: str, form: Form) -> Response:
    growth.propose(
        ctx.session,
        ctx.cloud,
        ctx.settings,
        actor=ctx.actor,
        name=name,
        availability_zones=form.number("availability_zones"),
        nat=_nat(form.text("nat")),
    )
    return see_other(f"/networks/{name}")


@router.post("/networks/{name}/change/confirmation")
def confirm(ctx: SignedIn, name: str, form: Form) -> Response:
    anyway = bool(form.text("anyway"))
    growth.confirm(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name, anyway=anyway)
    return see_other(f"/networks/{name}")


@router.post("/networks/{name}/change/withdrawal")
def cancel(ctx: SignedIn, name: str) -> Response:
    growth.cancel(ctx.session, ctx.cloud, ctx.settings, actor=ctx.actor, name=name)
    return see_other(f"/networks/{name}", "Change withdrawn. Its new addresses are free.")


@router.post("/networks/{name}/protection")
def protect(ctx: SignedIn, name: str, form: Form) -> Response:
    on = form.text("protected") == "on"
    networks.protect(ctx.session, ctx.cloud, actor=ctx.actor, name=name, on=on)
    return see_other(f"/networks/{name}")


@router.post("/networks/{name}/deletion")
def destroy(ctx: SignedIn, name: str, form: Form) -> Response:
    try:
        networks.destroy(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            name=name,
            typed=form.text("confirm"),
            retain=form.texts("retain"),
        )
    except Invalid as error:
        return _show(ctx, name, confirm_error=error.detail, status_code=422)
    return _see_it_or_all(ctx, name)


def _see_it_or_all(ctx: Context, name: str) -> Response:
    """All of them when it was gone at once."""
    return see_other(f"/networks/{name}" if networks.find(ctx.session, name) else "/networks")


def _show(
    ctx: Context, name: str, *, confirm_error: str = "", status_code: int = 200
) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    matches = keys.match_all(ctx.session, detail.network)
    return page(
        ctx.request,
        "networks/show.html",
        status_code=status_code,
        detail=detail,
        events=list(reversed(stack_work.events(ctx.session, detail.network))),
        matches=matches,
        confirm_error=confirm_error,
        lacking=growth.keys_that_lack(detail.functions, matches),
        shapes=_larger(detail.network),
    )


def _filled_in(ctx: Context, form: SentForm) -> dict[str, object]:
    return {**form.filled_in(_blank(ctx)), "addresses": form.texts("addresses")}


def _new(
    ctx: Context,
    form: dict[str, object],
    errors: dict[str, str],
    found: preflight.Preflight | None = None,
) -> HTMLResponse:
    return page(
        ctx.request,
        "networks/new.html",
        status_code=422 if errors else 200,
        form=form,
        errors=errors,
        preflight=found,
        regions=ctx.settings.region_names,
        costs=_costs(),
        free_addresses=addresses.free(ctx.session),
    )


def _blank(ctx: Context) -> dict[str, object]:
    return {
        "name": "",
        "region": ctx.settings.home_region,
        "cidr": "",
        "availability_zones": "2",
        "nat": Nat.SINGLE.value,
        "addresses": [],
        "environment": "",
    }


def _larger(network: Network) -> list[tuple[Shape, float]]:
    """The shapes to which the network may grow, and US dollars a month of each."""
    every = [Shape(zones, nat) for zones in range(1, MAX_ZONES + 1) for nat in Nat]
    now = network.shape
    return [
        (shape, monthly_usd(nat_gateways=shape.nat_gateways, addresses=shape.nat_gateways))
        for shape in every
        if shape != now
        and shape.availability_zones >= now.availability_zones
        and shape.nat_gateways >= now.nat_gateways
        and not (shape.availability_zones == 1 and now.availability_zones == 1)
    ]


def _costs() -> list[tuple[int, str, float]]:
    """US dollars a month of each choice of zones and NAT."""
    return [
        (zones, nat.value, monthly_usd(nat_gateways=nats, addresses=nats))
        for zones in range(1, MAX_ZONES + 1)
        for nat, nats in ((Nat.SINGLE, 1), (Nat.PER_AZ, zones))
    ]


def _nat(text: str) -> Nat:
    try:
        return Nat(text)
    except ValueError:
        raise Invalid("Choose one NAT gateway, or one per zone.", field="nat") from None
