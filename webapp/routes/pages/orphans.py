"""The page of orphans."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import ConfirmedAdmin, Context, Operator, Router, Viewer
from webapp.errors import EgretError
from webapp.rendering.forms import Form
from webapp.rendering.paging import paged
from webapp.rendering.templating import page, see_other
from webapp.services import accounts
from webapp.services.addresses import orphans

router = Router()


@router.get("/orphans")
def index(ctx: Viewer) -> HTMLResponse:
    return _index(ctx)


@router.post("/orphans/adoption")
def adopt(ctx: Operator, form: Form) -> Response:
    try:
        site = accounts.site_named(ctx.session, form.text("account"), form.text("region"))
        address = orphans.adopt(ctx.scope, site=site, id=form.text("id"))
    except EgretError as error:
        return _index(ctx, error)
    return see_other(address.page, f"Adopted {address.public_ip}.")


@router.post("/orphans/deletion")
def delete(ctx: ConfirmedAdmin, form: Form) -> Response:
    kind, id, typed = (form.text(x) for x in ("kind", "id", "confirm"))
    try:
        site = accounts.site_named(ctx.session, form.text("account"), form.text("region"))
        orphans.delete(ctx.scope, site=site, kind=kind, id=id, typed=typed)
    except EgretError as error:
        return _index(ctx, error)
    return see_other("/orphans", f"Deleting {typed}.")


def _index(ctx: Context, error: EgretError | None = None) -> HTMLResponse:
    found = orphans.find(ctx.scope)
    return page(
        ctx.request,
        "orphans/index.html",
        status_code=error.status if error else 200,
        found=found,
        shown=paged(ctx.request, found.orphans),
        error=str(error) if error else "",
    )
