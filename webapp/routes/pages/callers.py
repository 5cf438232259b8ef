"""The page of a function's callers. A key is on the answer that made it, and on no other."""

from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse

from webapp.deps import ConfirmedOperator, Context, Operator, Router, Viewer
from webapp.edge.middleware import NO_STORE
from webapp.errors import EgretError
from webapp.models import NewCaller, NewLimits
from webapp.models.rules import CALLS_PER_SECOND
from webapp.rendering.drafts import Draft
from webapp.rendering.forms import Form, blank, errors_by_field
from webapp.rendering.templating import page, see_other
from webapp.services import functions, names
from webapp.services.functions import callers
from webapp.services.functions.callers import Issued

router = Router(prefix="/functions/{name}/callers")
NOTHING: dict[str, str] = {}


@router.get("")
def index(ctx: Viewer, name: str, draft: Draft) -> HTMLResponse:
    return _show(ctx, name, draft.filled_in(NewCaller), after=draft.text("after"))


@router.post("")
def create(ctx: Operator, name: str, form: Form) -> Response:
    try:
        issued = callers.create(ctx.scope, name, form.build(NewCaller))
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, name, form.filled_in(NewCaller), errors_by_field(error))
    return _show_key(ctx, name, issued)


@router.post("/{caller}/limits")
def change(ctx: Operator, name: str, caller: str, form: Form) -> Response:
    try:
        callers.change(ctx.scope, name, caller, form.build(NewLimits))
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, name, form.filled_in(NewLimits), errors_by_field(error), of=caller)
    return see_other(f"/functions/{name}/callers", f"The limits of {caller} were changed.")


@router.post("/{caller}/rotation")
def rotate(ctx: Operator, name: str, caller: str) -> Response:
    return _show_key(ctx, name, callers.rotate(ctx.scope, name, caller))


@router.post("/{caller}/revocation")
def revoke(ctx: ConfirmedOperator, name: str, caller: str, form: Form) -> Response:
    try:
        names.check_typed(form.text("confirm"), caller, "revoked")
        callers.revoke(ctx.scope, name, caller)
    except EgretError as error:
        ctx.session.rollback()
        return _show(ctx, name, NOTHING, errors_by_field(error), of=caller)
    return see_other(
        f"/functions/{name}/callers", f"{caller} was revoked. Its key no longer works."
    )


def _show_key(ctx: Context, name: str, issued: Issued) -> Response:
    response = _show(ctx, name, blank(NewCaller), issued=issued)
    response.headers["Cache-Control"] = NO_STORE
    return response


def _show(
    ctx: Context,
    name: str,
    form: dict[str, Any],
    errors: dict[str, str] = NOTHING,
    *,
    of: str = "",
    issued: Issued | None = None,
    after: str = "",
) -> HTMLResponse:
    """`of` is the caller that form and errors are about; '' for the one to add."""
    detail = functions.detail(ctx.session, name)
    listed = callers.page(ctx.session, ctx.cloud_of(detail.function), detail.function, after)
    return page(
        ctx.request,
        "functions/callers.html",
        status_code=422 if errors else 200,
        detail=detail,
        listed=listed,
        form=form if not of else blank(NewCaller),
        limits=form if of else NOTHING,
        errors=errors,
        of=of,
        issued=issued,
        curl=functions.curl(detail.function, detail.network.region),
        rate_max=CALLS_PER_SECOND,
        **({"form_address": f"/functions/{name}/callers"} if issued else {}),
    )
