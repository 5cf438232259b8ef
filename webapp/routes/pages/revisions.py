"""The revisions of a function: the list, what differs between two, and rolling back."""

from itertools import pairwise
from typing import Annotated

from fastapi import Path, Query, Response
from fastapi.responses import HTMLResponse

from webapp.deps import Context, Operator, Router, Viewer
from webapp.errors import Invalid
from webapp.rendering.forms import Form
from webapp.rendering.templating import page, see_other
from webapp.routes.publishing import check_may_open
from webapp.services import functions, names
from webapp.services.functions.catalogue.templates import template_of
from webapp.services.functions.revisions import rows as revisions
from webapp.services.functions.revisions.differences import between, chosen, code_diff

router = Router(prefix="/functions/{name}/revisions")
NUMBER_MAX = 2**31 - 1
SHOWN = 20
Number = Annotated[int, Path(ge=0, le=NUMBER_MAX)]
Other = Annotated[int | None, Query(ge=0, le=NUMBER_MAX)]


@router.get("")
def index(ctx: Viewer, name: str, before: Other = None) -> HTMLResponse:
    """The newest first, each with what it changed."""
    detail = functions.detail(ctx.session, name)
    found = revisions.newest_first(ctx.session, detail.function, before=before, limit=SHOWN + 1)
    changed = {
        new.number: [difference.label for difference in chosen(between(old, new))]
        for new, old in pairwise(found)
    }
    return page(
        ctx.request,
        "functions/revisions.html",
        detail=detail,
        revisions=found[:SHOWN],
        changed=changed,
        more=len(found) > SHOWN,
    )


@router.get("/{number}")
def show(ctx: Viewer, name: str, number: Number, since: Other = None) -> HTMLResponse:
    """What differs between it and the one before, or `since`."""
    return _show(ctx, name, number, since)


@router.post("/{number}/deployment")
def deploy(ctx: Operator, name: str, number: Number, form: Form) -> Response:
    """Roll back: a copy of it becomes a new revision.

    That everyone may call the endpoint is confirmed by typing the function's name.
    """
    function = functions.get(ctx.session, name)
    revision = revisions.get(ctx.session, function, number)
    check_may_open(ctx, revision.access, function)
    if revision.opens(function):
        try:
            names.check_typed(form.text("confirm"), name, "changed")
        except Invalid as error:
            return _show(ctx, name, number, confirm_error=error.detail)
    planned = functions.deploy_again(ctx.scope, name, number)
    new = planned.revision.number if planned.revision else number
    notice = f"Rolling back to revision {number}, as revision {new}. The live one answers until"
    return see_other(f"/functions/{name}", f"{notice} then.")


def _show(
    ctx: Context, name: str, number: int, since: int | None = None, *, confirm_error: str = ""
) -> HTMLResponse:
    detail = functions.detail(ctx.session, name)
    new = revisions.get(ctx.session, detail.function, number)
    old = revisions.find(ctx.session, detail.function, number - 1 if since is None else since)
    return page(
        ctx.request,
        "functions/revision.html",
        status_code=422 if confirm_error else 200,
        detail=detail,
        revision=new,
        template=template_of(new.template),
        since=old,
        differences=between(old, new) if old else [],
        code_diff=code_diff(old, new) if old else "",
        confirm_error=confirm_error,
    )
