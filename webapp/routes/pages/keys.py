"""Pages of keys. A secret that was sent is never rendered back."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, SignedIn
from webapp.errors import EgretError
from webapp.forms import Form, errors_of
from webapp.services import keys
from webapp.templating import page, see_other

BLANK: dict[str, object] = {"name": "", "environment": "", "note": ""}

router = APIRouter()


@router.get("/keys")
def index(ctx: SignedIn) -> HTMLResponse:
    return page(ctx.request, "keys/index.html", keys=keys.list_all(ctx.session))


@router.get("/keys/new")
def new(ctx: SignedIn) -> HTMLResponse:
    return _new(ctx, BLANK, {})


@router.post("/keys")
def create(ctx: SignedIn, form: Form) -> Response:
    try:
        key = keys.create(
            ctx.session,
            ctx.cloud,
            ctx.settings,
            actor=ctx.actor,
            name=form.text("name"),
            secret=form.text("secret"),
            environment=form.text("environment"),
            note=form.text("note"),
        )
    except EgretError as error:
        return _new(ctx, form.filled_in(BLANK), errors_of(error))
    return see_other(f"/keys/{key.name}", f"Key {key.name} encrypted and stored.")


@router.get("/keys/{name}")
def show(ctx: SignedIn, name: str) -> HTMLResponse:
    return _show(ctx, name, {})


@router.post("/keys/{name}/versions")
def add_version(ctx: SignedIn, name: str, form: Form) -> Response:
    try:
        keys.add_version(
            ctx.session, ctx.cloud, actor=ctx.actor, name=name, secret=form.text("secret")
        )
    except EgretError as error:
        return _show(ctx, name, errors_of(error))
    return see_other(f"/keys/{name}", "New version stored; functions use it within 5 minutes.")


@router.post("/keys/{name}/deletion")
def destroy(ctx: SignedIn, name: str, form: Form) -> Response:
    try:
        keys.destroy(ctx.session, ctx.cloud, actor=ctx.actor, name=name, typed=form.text("confirm"))
    except EgretError as error:
        return _show(ctx, name, errors_of(error))
    return see_other("/keys", f"Key {name} deleted.")


def _new(ctx: Context, form: dict[str, object], errors: dict[str, str]) -> HTMLResponse:
    status_code = 422 if errors else 200
    return page(ctx.request, "keys/new.html", status_code=status_code, form=form, errors=errors)


def _show(ctx: Context, name: str, errors: dict[str, str]) -> HTMLResponse:
    status_code, detail = 422 if errors else 200, keys.detail(ctx.session, name)
    return page(
        ctx.request, "keys/show.html", status_code=status_code, detail=detail, errors=errors
    )
