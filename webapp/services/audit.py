"""The audit trail: who did what to what. The caller commits it together with the deed."""

from sqlmodel import Session, col, select

from webapp.models import AuditEvent


def record(
    session: Session, *, actor: str, action: str, noun: str, name: str, detail: str = ""
) -> None:
    session.add(AuditEvent(actor=actor, action=action, noun=noun, name=name, detail=detail))


def list_after(session: Session, event_id: int, *, limit: int) -> list[AuditEvent]:
    """At most `limit` events that came after the one with that id, oldest first."""
    query = select(AuditEvent).where(col(AuditEvent.id) > event_id)
    return list(session.exec(query.order_by(col(AuditEvent.id)).limit(limit)))
