"""Trying a function out by the API, and the requests that are saved for it."""

from fastapi import Response

from webapp.deps import ConfirmedOperator, Operator, Router, Viewer
from webapp.models import NewInvocation, NewSavedRequest
from webapp.routes.api.schemas.activity import (
    InvocationOut,
    SavedRequestOut,
    invocation_out,
    saved_request_out,
)
from webapp.routes.api.schemas.lists import After, Limit, Listed, listed_few
from webapp.services import functions
from webapp.services.functions.activity.console import runs, saved_requests

router = Router(tags=["activity"])


@router.post(
    "/functions/{name}/invocations", summary="Run a function", operation_id="invoke_function"
)
def invoke(ctx: Operator, name: str, invocation: NewInvocation | None = None) -> InvocationOut:
    """Run it now, with an event, a request or neither. Nothing is cached.

    The call is never repeated, not even after an error of AWS. An event has at most 256 KiB.
    """
    return invocation_out(runs.run(ctx.scope, name, invocation or runs.NOTHING))


@router.get(
    "/functions/{name}/saved-requests",
    summary="List saved requests",
    operation_id="list_saved_requests",
)
def list_saved(
    ctx: Viewer, name: str, limit: Limit = 50, after: After = None
) -> Listed[SavedRequestOut]:
    """In the order of their names."""
    every = saved_requests.list_all(ctx.session, functions.get(ctx.session, name))
    return listed_few(every, saved_request_out, lambda saved: saved.name, limit=limit, after=after)


@router.post(
    "/functions/{name}/saved-requests",
    status_code=201,
    summary="Save a request",
    operation_id="save_request",
)
def save(ctx: Operator, name: str, new: NewSavedRequest) -> SavedRequestOut:
    """A request that may hold a secret, such as the header Authorization, is refused with 422."""
    return saved_request_out(saved_requests.save(ctx.scope, name, new))


@router.delete(
    "/functions/{name}/saved-requests/{saved_id}",
    status_code=204,
    summary="Delete a saved request",
    operation_id="delete_saved_request",
    response_class=Response,
)
def delete_saved(ctx: ConfirmedOperator, name: str, saved_id: str) -> Response:
    """Only the saved request is deleted; the function stays."""
    saved_requests.delete(ctx.scope, name, saved_id)
    return Response(status_code=204)
