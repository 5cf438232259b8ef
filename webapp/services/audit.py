"""The audit trail: who did what to what. `Scope.record` writes it."""

from sqlmodel import Session, col, select

from webapp.models import AuditEvent


def list_after(session: Session, event_id: int, *, limit: int) -> list[AuditEvent]:
    """At most `limit` events that came after the one with that id, oldest first."""
    query = select(AuditEvent).where(col(AuditEvent.id) > event_id)
    return list(session.exec(query.order_by(col(AuditEvent.id)).limit(limit)))
