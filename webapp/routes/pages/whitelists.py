"""The whitelist of a network, and its public link, which partners' programs read."""

from fastapi import Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from webapp.deps import (
    Admin,
    Anyone,
    ConfirmedAdmin,
    ConfirmedOperator,
    Context,
    Operator,
    Router,
    Viewer,
)
from webapp.errors import Invalid
from webapp.hot.serving import serve
from webapp.models import NewWhitelisting
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.routes.prepared.whitelists import JSON, TEXT
from webapp.services import networks, whitelists

router = Router()


@router.get("/networks/{name}/whitelist")
def show(ctx: Viewer, name: str, draft: Draft) -> HTMLResponse:
    return _show(ctx, name, {}, **draft.shown("partner", "function"))


@router.post("/networks/{name}/whitelist/partners")
def send(ctx: Operator, name: str, form: Form) -> Response:
    partner, function = form.text("partner"), form.text("function")
    try:
        new = form.build(NewWhitelisting)
        whitelists.send(ctx.scope, name, partner=new.partner, function=new.function)
    except Invalid as error:
        return _show(ctx, name, errors_by_field(error), partner=partner, function=function)
    return _back(name, f"Marked as sent to {partner.strip()}.")


@router.post("/networks/{name}/whitelist/partners/{whitelisting_id}/sending")
def send_again(ctx: Operator, name: str, whitelisting_id: str) -> Response:
    sent = whitelists.send_again(ctx.scope, name, whitelisting_id)
    return _back(name, f"Marked as sent again to {sent.partner}.")


@router.post("/networks/{name}/whitelist/partners/{whitelisting_id}/confirmation")
def confirm(ctx: Operator, name: str, whitelisting_id: str) -> Response:
    confirmed = whitelists.confirm(ctx.scope, name, whitelisting_id)
    return _back(name, f"Marked as confirmed by {confirmed.partner}.")


@router.post("/networks/{name}/whitelist/partners/{whitelisting_id}/removal")
def forget(ctx: ConfirmedOperator, name: str, whitelisting_id: str) -> Response:
    partner = whitelists.forget(ctx.scope, name, whitelisting_id)
    return _back(name, f"Removed {partner} from this list. Nothing changes at the partner.")


@router.post("/networks/{name}/whitelist/link")
def publish(ctx: ConfirmedAdmin, name: str) -> Response:
    whitelists.publish(ctx.scope, name)
    return _back(name, "Public link created.", part="link")


@router.post("/networks/{name}/whitelist/link/removal")
def withdraw(ctx: Admin, name: str) -> Response:
    whitelists.withdraw(ctx.scope, name)
    return _back(name, "Public link withdrawn.", part="link")


@router.get("/whitelist/{link}.txt")
def published_text(ctx: Anyone, link: str) -> Response:
    """One address per line."""
    return serve(ctx, TEXT, link)


@router.get("/whitelist/{link}")
def published(ctx: Anyone, link: str) -> Response:
    return serve(ctx, JSON, link)


def _back(name: str, notice: str, *, part: str = "partners") -> Response:
    return see_other(f"/networks/{name}/whitelist#{part}", notice)


def _show(
    ctx: Context, name: str, errors: dict[str, str], *, partner: str = "", function: str = ""
) -> HTMLResponse:
    detail = networks.detail(ctx.session, name)
    network = detail.network
    kit = whitelists.kit(ctx.session, network)
    origin = ctx.settings.public_url or str(ctx.request.base_url).rstrip("/")
    return page(
        ctx.request,
        "networks/whitelist.html",
        status_code=422 if errors else 200,
        detail=detail,
        kit=kit,
        qr=Markup(kit.qr_svg),  # noqa: S704 - drawn by segno, of addresses
        partners=whitelists.list_all(ctx.session, network),
        functions=detail.functions,
        url=f"{origin}/whitelist/{network.link}" if network.link else "",
        errors=errors,
        form={"partner": partner, "function": function},
    )
