"""A function's log and its requests, by the API."""

from typing import Annotated

from fastapi import Depends

from webapp.deps import Router, Viewer
from webapp.routes import log_queries as asked
from webapp.routes.api.description.answers import ASKS_AWS, DEPENDS_ON_STATE
from webapp.routes.api.schemas.activity import LogOut, RequestsOut, log_out, requests_out
from webapp.services.functions.activity import logs, requests
from webapp.services.functions.activity.logs import LogQuery
from webapp.services.functions.activity.requests import RequestQuery
from webapp.services.functions.activity.times import Span

router = Router(tags=["activity"])
Spanned = Annotated[Span, Depends(asked.span)]


def _log_query(
    spanned: Spanned,
    *,
    text: asked.Filter = "",
    level: asked.LevelName = "",
    request_id: asked.RequestId = "",
    after: asked.After = "",
    limit: asked.Lines = 200,
) -> LogQuery:
    return asked.log_query(
        spanned, text=text, level=level, request_id=request_id, after=after, lines=limit
    )


def _request_query(
    spanned: Spanned,
    *,
    caller: asked.Caller = "",
    status: asked.StatusText = "",
    after: asked.After = "",
    limit: asked.Requests = 50,
) -> RequestQuery:
    return asked.request_query(spanned, caller=caller, status=status, after=after, limit=limit)


@router.get(
    "/functions/{name}/logs",
    summary="Read the log of a function",
    operation_id="read_log",
    responses=ASKS_AWS | DEPENDS_ON_STATE,
)
def read_log(ctx: Viewer, name: str, query: Annotated[LogQuery, Depends(_log_query)]) -> LogOut:
    """The newest lines that match, oldest first. New lines appear after some seconds."""
    return log_out(logs.read(ctx.scope, name, query))


@router.get(
    "/functions/{name}/requests",
    summary="List requests to a function",
    operation_id="list_requests",
    responses=ASKS_AWS | DEPENDS_ON_STATE,
)
def list_requests(
    ctx: Viewer, name: str, query: Annotated[RequestQuery, Depends(_request_query)]
) -> RequestsOut:
    """The newest calls that match, newest first. New calls appear after some seconds.

    A call that timed out is in the log only, since it has no request line.
    """
    names = requests.names_of_callers(ctx.session, name)
    return requests_out(requests.read(ctx.scope, name, query, names))
