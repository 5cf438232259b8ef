"""The audit trail by the API."""

from webapp.deps import Admin, Router
from webapp.routes.api.schemas.events import AuditEventOut, audit_event_out
from webapp.routes.api.schemas.lists import AfterEvent, Limit, Listed
from webapp.services import audit

router = Router(prefix="/audit-events", tags=["audit"])


@router.get("", operation_id="list_audit_events", summary="List the audit trail")
def index(ctx: Admin, limit: Limit = 50, after: AfterEvent = 0) -> Listed[AuditEventOut]:
    """Who did what, oldest first."""
    found = audit.list_after(ctx.session, after, limit=limit + 1)
    return Listed(
        items=[audit_event_out(event) for event in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )
