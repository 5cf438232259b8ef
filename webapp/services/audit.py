"""The audit trail: who did what to what. The caller commits it together with the deed."""

from sqlmodel import Session

from webapp.models import AuditEvent


def record(
    session: Session, *, actor: str, action: str, noun: str, name: str, detail: str = ""
) -> None:
    session.add(AuditEvent(actor=actor, action=action, noun=noun, name=name, detail=detail))
