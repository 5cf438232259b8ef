"""The page of orphans."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, SignedIn
from webapp.errors import EgretError
from webapp.forms import Form
from webapp.services.addresses import orphans
from webapp.templating import page, see_other

router = APIRouter()


@router.get("/orphans")
def index(ctx: SignedIn) -> HTMLResponse:
    return _index(ctx)


@router.post("/orphans/adoption")
def adopt(ctx: SignedIn, form: Form) -> Response:
    try:
        address = orphans.adopt(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            region=form.text("region"),
            id=form.text("id"),
        )
    except EgretError as error:
        return _index(ctx, error)
    return see_other("/addresses", f"Adopted {address.public_ip}.")


@router.post("/orphans/deletion")
def delete(ctx: SignedIn, form: Form) -> Response:
    try:
        orphans.delete(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            region=form.text("region"),
            kind=form.text("kind"),
            id=form.text("id"),
            typed=form.text("confirm"),
        )
    except EgretError as error:
        return _index(ctx, error)
    return see_other("/orphans", f"Deleting {form.text('confirm')}.")


def _index(ctx: Context, error: EgretError | None = None) -> HTMLResponse:
    return page(
        ctx.request,
        "orphans/index.html",
        status_code=error.status if error else 200,
        found=orphans.find(ctx.session, ctx.cloud, ctx.settings),
        error=str(error) if error else "",
    )
