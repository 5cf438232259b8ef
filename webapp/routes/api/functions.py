"""Functions by the API, and what they fetched."""

from typing import Annotated

from fastapi import Depends, Query, Response

from webapp.deps import ConfirmedAdmin, Operator, Router, Viewer
from webapp.hot.serving import serve
from webapp.models import NewFunction
from webapp.models.texts import NAME_MAX
from webapp.routes.api.description.answers import NAMES_OTHERS, located
from webapp.routes.api.schemas.events import EventOut
from webapp.routes.api.schemas.functions import (
    CACHED_BODY,
    IF_NONE_MATCH,
    FunctionOut,
    SnapshotOut,
    function_out,
    snapshot_out,
)
from webapp.routes.api.schemas.lists import (
    After,
    AfterEvent,
    Begins,
    Limit,
    Listed,
    OfStatus,
    listed,
    listed_events,
    place,
)
from webapp.routes.prepared.previews import PREVIEW
from webapp.routes.publishing import check_may_open
from webapp.services import functions
from webapp.services.engine import events
from webapp.services.functions import listing, previews

router = Router(tags=["functions"])
WithKey = Annotated[str, Query(max_length=NAME_MAX, description="Only those that use this key")]
InNetwork = Annotated[str, Query(max_length=NAME_MAX, description="Only those in this network")]


async def _wanted(
    q: Begins = "", status: OfStatus = None, network: InNetwork = "", key: WithKey = ""
) -> listing.Wanted:
    return listing.Wanted(q=q, status=status, network=network, key=key)


@router.get("/functions", operation_id="list_functions", summary="List functions")
def index(
    ctx: Viewer,
    wanted: Annotated[listing.Wanted, Depends(_wanted)],
    limit: Limit = 50,
    after: After = None,
) -> Listed[FunctionOut]:
    """In the order of their names."""
    found = listing.details_page(ctx.session, wanted, place(after, limit))
    return listed(found, function_out)


@router.post(
    "/functions",
    status_code=202,
    operation_id="create_function",
    summary="Create a function",
    responses=located(202) | NAMES_OTHERS,
)
def create(ctx: Operator, new: NewFunction, response: Response) -> FunctionOut:
    """In a network that is ready, with a key that allows its addresses."""
    check_may_open(ctx, new.access)
    function = functions.create(ctx.scope, new)
    response.headers["Location"] = f"/api/v1/functions/{function.name}"
    return function_out(functions.detail(ctx.session, function.name))


@router.get("/functions/{name}", operation_id="show_function", summary="Show a function")
def show(ctx: Viewer, name: str) -> FunctionOut:
    """With its newest good snapshot, and the failure since then, if any."""
    return function_out(functions.detail(ctx.session, name))


@router.delete(
    "/functions/{name}",
    status_code=202,
    operation_id="delete_function",
    summary="Delete a function",
    response_class=Response,
)
def delete(ctx: ConfirmedAdmin, name: str) -> Response:
    """202: the deletion continues in the background."""
    functions.delete(ctx.scope, name, typed=name)
    return Response(status_code=202)


@router.post(
    "/functions/{name}/attempts",
    status_code=202,
    operation_id="retry_function",
    summary="Try again with a function",
)
def retry(ctx: Operator, name: str) -> FunctionOut | None:
    """Try again what failed: creating, changing or deleting it. Null if it was deleted at once."""
    functions.retry(ctx.scope, name)
    if functions.find(ctx.session, name) is None:
        return None
    return function_out(functions.detail(ctx.session, name))


@router.get(
    "/functions/{name}/events",
    operation_id="list_function_events",
    summary="List the events of a function",
)
def list_events(
    ctx: Viewer, name: str, limit: Limit = 50, after: AfterEvent = 0
) -> Listed[EventOut]:
    """The stack's events, in the order in which they arrived."""
    function = functions.get(ctx.session, name)
    return listed_events(events.list_after(ctx.session, function, after), limit=limit)


@router.post(
    "/functions/{name}/snapshots",
    status_code=201,
    operation_id="fetch_snapshot",
    summary="Fetch a snapshot",
)
def fetch(ctx: Operator, name: str) -> SnapshotOut:
    """Fetch through the function and cache the answer; `ok` says whether it was a success."""
    function = functions.get(ctx.session, name)
    return snapshot_out(previews.fetch(ctx.scope, function))


@router.get(
    "/functions/{name}/preview",
    operation_id="read_preview",
    summary="Read the preview of a function",
    response_class=Response,
    responses=CACHED_BODY,
    openapi_extra=IF_NONE_MATCH,
)
def preview(ctx: Viewer, name: str) -> Response:
    """The cached body itself, byte for byte what the function returned, which is JSON."""
    return serve(ctx, PREVIEW, name)
