"""An event of a CloudFormation stack, copied so that pages can show and stream it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime
from webapp.models.texts import AWS_ID_MAX, TOLD_MAX, WORD_MAX, sized


class StackEvent(SQLModel, table=True):
    """`id` grows in the order of arrival: it is the stream's Last-Event-ID."""

    __tablename__ = "stack_event"

    id: int | None = Field(default=None, primary_key=True)
    owner: str = Field(
        sa_type=sized(WORD_MAX), index=True, description="network:<id> or function:<id>"
    )
    event_id: str = Field(sa_type=sized(AWS_ID_MAX), unique=True)
    operation_id: str = Field(sa_type=sized(WORD_MAX))
    logical_id: str = Field(sa_type=sized(AWS_ID_MAX))
    physical_id: str = Field(sa_type=sized(AWS_ID_MAX))
    resource_type: str = Field(sa_type=sized(AWS_ID_MAX))
    status: str = Field(sa_type=sized(WORD_MAX))
    reason: str = Field(default="", sa_type=sized(TOLD_MAX))
    at: datetime = Field(sa_type=UtcDateTime)

    @property
    def outcome(self) -> str:
        """`done`, `failed` or `busy`: twenty CloudFormation statuses in three words."""
        if self.status.endswith("_FAILED") or "ROLLBACK" in self.status:
            return "failed"
        return "done" if self.status.endswith("_COMPLETE") else "busy"
