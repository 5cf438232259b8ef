"""Changes of functions and their revisions, by the API."""

from typing import Annotated

from fastapi import Path, Query

from webapp.deps import Operator, Router, Viewer
from webapp.models import FunctionChange
from webapp.routes.api.schemas.lists import Limit, Listed
from webapp.routes.api.schemas.revisions import (
    NUMBER_MAX,
    ChangedFunctionOut,
    ChangePreviewOut,
    ComparisonOut,
    RevisionOut,
    RevisionWithCodeOut,
    changed_out,
    code_out,
    comparison_out,
    preview_out,
    revision_out,
)
from webapp.routes.publishing import check_may_open
from webapp.services import functions
from webapp.services.functions.revisions import rows as revisions

router = Router(prefix="/functions/{name}", tags=["revisions"])
Number = Annotated[int, Path(ge=0, le=NUMBER_MAX)]
Since = Annotated[
    int | None, Query(ge=0, le=NUMBER_MAX, description="The number of the other revision")
]
After = Annotated[int | None, Query(ge=0, le=NUMBER_MAX, description="`next` of the previous page")]


@router.patch("", status_code=202, summary="Change a function", operation_id="change_function")
def change(ctx: Operator, name: str, wanted: FunctionChange) -> ChangedFunctionOut:
    """Fields that are left out or null stay; only a `schedule` of null ends the schedule.

    If nothing differs, `changes` is empty.
    """
    check_may_open(ctx, wanted.access, functions.get(ctx.session, name))
    planned = functions.change(ctx.scope, name, wanted)
    return changed_out(functions.detail(ctx.session, name), planned)


@router.post(
    "/change-preview", summary="Preview a change of a function", operation_id="preview_change"
)
def preview(ctx: Operator, name: str, wanted: FunctionChange) -> ChangePreviewOut:
    """What the change would do, here and in AWS. Nothing is changed."""
    return preview_out(functions.preview(ctx.scope, name, wanted))


@router.get("/revisions", summary="List revisions", operation_id="list_revisions")
def index(ctx: Viewer, name: str, limit: Limit = 50, after: After = None) -> Listed[RevisionOut]:
    """Newest first, without their code."""
    function = functions.get(ctx.session, name)
    found = revisions.newest_first(ctx.session, function, before=after, limit=limit + 1)
    return Listed(
        items=[revision_out(each) for each in found[:limit]],
        next=str(found[limit - 1].number) if len(found) > limit else None,
    )


@router.get("/revisions/{number}", summary="Show a revision", operation_id="show_revision")
def show(ctx: Viewer, name: str, number: Number) -> RevisionWithCodeOut:
    """What it was made of, with its code."""
    function = functions.get(ctx.session, name)
    return code_out(revisions.get(ctx.session, function, number))


@router.get(
    "/revisions/{number}/differences",
    summary="Compare two revisions",
    operation_id="compare_revisions",
)
def compare(ctx: Viewer, name: str, number: Number, since: Since = None) -> ComparisonOut:
    """The fields in which it differs from the revision `since`, by default the one before."""
    function = functions.get(ctx.session, name)
    new = revisions.get(ctx.session, function, number)
    old = revisions.get(ctx.session, function, number - 1 if since is None else since)
    return comparison_out(old, new)


@router.post(
    "/revisions/{number}/deployment",
    status_code=202,
    summary="Roll back to a revision",
    operation_id="deploy_revision",
)
def deploy(ctx: Operator, name: str, number: Number) -> ChangedFunctionOut:
    """Deploys a copy of it as a new revision."""
    function = functions.get(ctx.session, name)
    check_may_open(ctx, revisions.get(ctx.session, function, number).access, function)
    planned = functions.deploy_again(ctx.scope, name, number)
    return changed_out(functions.detail(ctx.session, name), planned)
