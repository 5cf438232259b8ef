"""What the API takes and gives of a function's calls: its log, its requests, what it returned."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from webapp.aws.invocations import Run
from webapp.aws.logs import Log
from webapp.models import SavedRequest
from webapp.routes.api.schemas.lists import Listed
from webapp.services.functions.activity.levels import level_of
from webapp.services.functions.activity.requests import LoggedRequest, RequestLog


class InvocationOut(BaseModel):
    """What the function returned: `body` is text as a caller of the endpoint gets it.

    `returned` is the text of what it returned instead of a response. Lambda's own numbers are null
    where its report does not say them; `init_ms` is null when the function was warm. `log_tail` has
    the last 4 KiB of the call's log.
    """

    status: int
    headers: dict[str, str]
    body: str
    error: str
    stack_trace: list[str]
    returned: str
    request_id: str
    duration_ms: float | None
    billed_ms: int | None
    memory_mb: int | None
    memory_used_mb: int | None
    init_ms: float | None
    log_tail: str


def invocation_out(run: Run) -> InvocationOut:
    invocation, report = run.invocation, run.report
    return InvocationOut(
        status=invocation.status,
        headers=invocation.headers,
        body=invocation.body.decode(errors="replace"),
        error=invocation.error,
        stack_trace=run.stack_trace,
        returned=run.returned,
        request_id=run.request_id,
        duration_ms=report.duration_ms,
        billed_ms=report.billed_ms,
        memory_mb=report.memory_mb,
        memory_used_mb=report.memory_used_mb,
        init_ms=report.init_ms,
        log_tail=run.tail,
    )


class LogLineOut(BaseModel):
    """`level` is error, warning, info, or platform for what Lambda itself writes."""

    at_ms: int
    message: str
    level: Literal["platform", "info", "warning", "error"]


class LogOut(Listed[LogLineOut]):
    """Oldest line first; `next` leads to older ones.

    Not `complete`: the search took too long, so there may be others. Not `exists`: the log group
    was deleted, and calls are not logged.
    """

    complete: bool
    exists: bool


def log_out(log: Log) -> LogOut:
    lines = [
        LogLineOut(at_ms=line.at_ms, message=line.message, level=level_of(line.message).label)
        for line in log.lines
    ]
    older = str(log.older) if log.older else None
    return LogOut(items=lines, next=older, complete=log.complete, exists=log.exists)


class RequestOut(BaseModel):
    """A call. `caller` is its caller's name, or the id of an API key or the ARN of who called."""

    at: datetime
    caller: str
    caller_id: str
    method: str
    path: str
    status: int
    upstream_status: int | None
    upstream_ms: float | None
    total_ms: float | None
    egress_ip: str | None
    key_version: str | None
    cached: bool
    request_id: str
    code: str


class RequestsOut(Listed[RequestOut]):
    """Newest call first. `unreadable` lines were left out; the rest is as in the log."""

    complete: bool
    exists: bool
    unreadable: int


def request_out(request: LoggedRequest) -> RequestOut:
    return RequestOut.model_validate(request, from_attributes=True)


def requests_out(log: RequestLog) -> RequestsOut:
    return RequestsOut(
        items=[request_out(request) for request in log.requests],
        next=str(log.older) if log.older else None,
        complete=log.complete,
        exists=log.exists,
        unreadable=log.unreadable,
    )


class SavedRequestOut(BaseModel):
    """`event` or `request` is what it was saved with."""

    id: str
    name: str
    event: dict[str, Any] | None
    request: dict[str, Any] | None
    created_by: str
    created_at: datetime


def saved_request_out(saved: SavedRequest) -> SavedRequestOut:
    return SavedRequestOut(
        **saved.model_dump(include={"id", "name", "created_by", "created_at"}),
        event=saved.content.get("event"),
        request=saved.content.get("request"),
    )
