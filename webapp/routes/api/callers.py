"""Callers of a function, by the API. An API key is only in the answer that made it."""

from fastapi import Response

from webapp.deps import ConfirmedOperator, Operator, Router, Viewer
from webapp.edge.middleware import NO_STORE
from webapp.models import NewCaller, NewLimits
from webapp.routes.api.description.answers import ASKS_AWS, located
from webapp.routes.api.schemas.callers import CallerOut, IssuedOut, caller_out, issued_out
from webapp.routes.api.schemas.lists import After, Limit, Listed
from webapp.services import functions
from webapp.services.functions import callers

router = Router(prefix="/functions/{name}/callers", tags=["callers"])


@router.get("", summary="List callers", operation_id="list_callers", responses=ASKS_AWS)
def index(
    ctx: Viewer, name: str, limit: Limit = callers.LISTED_MAX, after: After = None
) -> Listed[CallerOut]:
    """By name, each with its usage, which is read from AWS: ten callers at most, even with a higher
    `limit`."""
    function = functions.get(ctx.session, name)
    cloud = ctx.cloud_of(function)
    page = callers.page(ctx.session, cloud, function, after or "", limit)
    return Listed(items=[caller_out(each) for each in page.callers], next=page.next)


@router.post(
    "", status_code=201, summary="Add a caller", operation_id="add_caller", responses=located(201)
)
def create(ctx: Operator, name: str, new: NewCaller, response: Response) -> IssuedOut:
    """Its API key is only in this answer."""
    issued = callers.create(ctx.scope, name, new)
    response.headers["Location"] = f"/api/v1/functions/{name}/callers/{new.name}"
    response.headers["Cache-Control"] = NO_STORE
    return issued_out(issued)


@router.get("/{caller}", summary="Show a caller", operation_id="show_caller", responses=ASKS_AWS)
def show(ctx: Viewer, name: str, caller: str) -> CallerOut:
    """With its limits, and its usage, which is read from AWS."""
    function = functions.get(ctx.session, name)
    return caller_out(callers.detail(ctx.session, ctx.cloud_of(function), function, caller))


@router.patch("/{caller}", summary="Change the limits of a caller", operation_id="change_caller")
def change(ctx: Operator, name: str, caller: str, new: NewLimits) -> CallerOut:
    """What is left out stays as it is."""
    callers.change(ctx.scope, name, caller, new)
    return show(ctx, name, caller)


@router.delete(
    "/{caller}",
    status_code=204,
    summary="Revoke a caller",
    operation_id="revoke_caller",
    response_class=Response,
)
def revoke(ctx: ConfirmedOperator, name: str, caller: str) -> Response:
    """Its API key stops working at once."""
    callers.revoke(ctx.scope, name, caller)
    return Response(status_code=204)


@router.post(
    "/{caller}/rotation",
    status_code=201,
    summary="Make a new API key for a caller",
    operation_id="rotate_caller",
)
def rotate(ctx: Operator, name: str, caller: str, response: Response) -> IssuedOut:
    """The new key is only in this answer. The old one stops working at once."""
    response.headers["Cache-Control"] = NO_STORE
    return issued_out(callers.rotate(ctx.scope, name, caller))
