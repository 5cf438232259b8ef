"""Who did what to what, and when. Kept after the thing itself is gone; never holds a secret."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now
from webapp.models.texts import ACTOR_MAX, AWS_ID_MAX, TOLD_MAX, WORD_MAX, sized


class AuditEvent(SQLModel, table=True):
    __tablename__ = "audit_event"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor: str = Field(sa_type=sized(ACTOR_MAX))
    action: str = Field(
        sa_type=sized(WORD_MAX), description="create, delete, upload, fetch, release, sign in …"
    )
    noun: str = Field(
        sa_type=sized(WORD_MAX), description="network, key, token …, or the kind of an orphan"
    )
    name: str = Field(sa_type=sized(AWS_ID_MAX))
    detail: str = Field(default="", sa_type=sized(TOLD_MAX))
