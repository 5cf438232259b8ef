"""Who did what to what, and when. Kept after the thing itself is gone; never holds a secret."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now


class AuditEvent(SQLModel, table=True):
    __tablename__ = "audit_event"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor: str
    action: str = Field(description="create, delete, upload, fetch, release, sign in …")
    noun: str = Field(description="network, key, token …, or the kind of an orphan")
    name: str
    detail: str = ""
