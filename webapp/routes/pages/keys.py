"""Pages of keys. A secret that was sent is never rendered back."""

from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import Admin, ConfirmedAdmin, Context, Router, Viewer
from webapp.errors import EgretError
from webapp.lists.keyset import START, Place
from webapp.models import GoingBack, NewKey, NewVersion, Status
from webapp.partners import KEY_KINDS
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, errors_by_field
from webapp.rendering.lists import ListQuery, counts
from webapp.rendering.prepared import prepared
from webapp.rendering.templating import page, see_other
from webapp.services import accounts, keys
from webapp.services.keys.listing import Wanted

router = Router()


@router.get("/keys")
def index(ctx: Viewer, asked: ListQuery) -> HTMLResponse:
    wanted = Wanted(q=asked.text("q"), status=asked.choice("status", Status))
    filters = asked.filters("q", "status")
    total, matching = counts(keys.count_of, ctx.session, wanted, filters)
    shown = keys.page(ctx.session, wanted, asked.place)
    return page(
        ctx.request,
        "keys/index.html",
        shown=shown,
        rows=prepared.rows("keys/_row.html", shown.rows),
        filters=filters,
        total=total,
        matching=matching,
    )


@router.get("/keys/new")
def new(ctx: Admin, draft: Draft) -> HTMLResponse:
    return _new(ctx, draft.filled_in(NewKey), {})


@router.post("/keys")
def create(ctx: Admin, form: Form) -> Response:
    try:
        key = keys.create(ctx.scope, form.build(NewKey))
    except EgretError as error:
        return _new(ctx, form.filled_in(NewKey), errors_by_field(error))
    return see_other(f"/keys/{key.name}", f"Key {key.name} encrypted and stored.")


@router.get("/keys/{name}")
def show(ctx: Viewer, name: str, asked: ListQuery) -> HTMLResponse:
    return _show(ctx, name, {}, place=asked.place)


@router.post("/keys/{name}/versions")
def add_version(ctx: Admin, name: str, form: Form) -> Response:
    before = keys.get(ctx.session, name).fingerprint
    try:
        key = keys.add_version(ctx.scope, name, form.build(NewVersion))
    except EgretError as error:
        return _show(ctx, name, errors_by_field(error), losing="version")
    if key.fingerprint == before:
        return _is_current(name)
    return see_other(
        f"/keys/{name}#versions", "New version stored; functions use it within 5 minutes."
    )


@router.post("/keys/{name}/versions/current")
def make_previous_current(ctx: Admin, name: str, form: Form) -> Response:
    before, wanted = keys.get(ctx.session, name).fingerprint, form.build(GoingBack)
    try:
        key = keys.make_previous_current(
            ctx.scope, name, version_id=wanted.version, anyway=wanted.anyway
        )
    except EgretError as error:
        return _show(ctx, name, errors_by_field(error), losing="current")
    if key.fingerprint == before:
        return _is_current(name)
    notice = "The previous version is current again; functions use it within 5 minutes."
    return see_other(f"/keys/{name}#versions", notice)


@router.post("/keys/{name}/deletion")
def delete(ctx: ConfirmedAdmin, name: str, form: Form) -> Response:
    try:
        keys.delete(ctx.scope, name, typed=form.text("confirm"))
    except EgretError as error:
        return _show(ctx, name, errors_by_field(error))
    return see_other("/keys", f"Key {name} deleted.")


def _is_current(name: str) -> Response:
    return see_other(f"/keys/{name}#versions", "This is already the current version.", "info")


def _new(ctx: Context, form: dict[str, Any], errors: dict[str, str]) -> HTMLResponse:
    status_code = 422 if errors else 200
    return page(
        ctx.request,
        "keys/new.html",
        status_code=status_code,
        form=form,
        errors=errors,
        kinds=KEY_KINDS,
        accounts=accounts.choices(ctx.session),
    )


def _show(
    ctx: Context, name: str, errors: dict[str, str], *, losing: str = "", place: Place = START
) -> HTMLResponse:
    """`losing`: which form was refused because functions would lose an address."""
    return page(
        ctx.request,
        "keys/show.html",
        status_code=422 if errors else 200,
        detail=keys.detail(ctx.session, name, place),
        errors=errors,
        losing=losing,
    )
