"""The audit trail by the API."""

from typing import Annotated

from fastapi import Depends
from fastapi.responses import Response, StreamingResponse

from webapp.deps import Admin, Context, Router
from webapp.routes.api.schemas.events import AuditEventOut, audit_event_out
from webapp.routes.api.schemas.lists import AfterEvent, Limit, Listed
from webapp.routes.audit_queries import wanted
from webapp.services import audit

router = Router(prefix="/audit-events", tags=["audit"])
JSON_LINES = "application/x-ndjson"
FILE_NAME = "egret-audit.jsonl"
AS_LINES = {"description": "One JSON object a line", "content": {JSON_LINES: {}}}

Wanted = Annotated[audit.Wanted, Depends(wanted)]


@router.get(
    "",
    operation_id="list_audit_events",
    summary="List the audit trail",
    response_model=Listed[AuditEventOut],
    responses={200: {"content": {JSON_LINES: {}}}},
)
def index(
    ctx: Admin, only: Wanted, limit: Limit = 50, after: AfterEvent = 0
) -> Listed[AuditEventOut] | Response:
    """Who did what, oldest first. With `Accept: application/x-ndjson` all of it, as `/export`."""
    if JSON_LINES in ctx.request.headers.get("accept", ""):
        return _all_lines(ctx, only)
    found = audit.list_after(ctx.session, after, limit=limit + 1, wanted=only)
    return Listed(
        items=[audit_event_out(event) for event in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )


@router.get(
    "/export",
    operation_id="export_audit_events",
    summary="Export the audit trail",
    response_class=StreamingResponse,
    responses={200: AS_LINES},
)
def export(ctx: Admin, only: Wanted) -> Response:
    """As JSON Lines, oldest first; docs/audit.md says how a program checks their hashes."""
    return _all_lines(ctx, only)


def _all_lines(ctx: Context, only: audit.Wanted) -> Response:
    return StreamingResponse(
        audit.lines(ctx.parts.engine, only),
        media_type=JSON_LINES,
        headers={"Content-Disposition": f'attachment; filename="{FILE_NAME}"', "Vary": "Accept"},
    )
