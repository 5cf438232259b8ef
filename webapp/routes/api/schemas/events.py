"""What the API gives for events: those of a stack, and those of the audit trail."""

from datetime import datetime

from pydantic import BaseModel

from webapp.models import AuditEvent, StackEvent


class EventOut(BaseModel):
    id: int
    at: datetime
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str


def event_out(event: StackEvent) -> EventOut:
    return EventOut(**event.model_dump())


class AuditEventOut(BaseModel):
    id: int
    at: datetime
    actor: str
    action: str
    noun: str
    name: str
    detail: str
    role: str
    client_address: str
    result: str
    request_id: str
    code: str
    previous_hash: str
    hash: str


def audit_event_out(event: AuditEvent) -> AuditEventOut:
    return AuditEventOut(**event.model_dump())
