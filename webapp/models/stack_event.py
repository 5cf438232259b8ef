"""An event of a CloudFormation stack, copied so that pages can show and stream it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime


class StackEvent(SQLModel, table=True):
    """`id` grows in the order of arrival: it is the stream's Last-Event-ID."""

    __tablename__ = "stack_event"

    id: int | None = Field(default=None, primary_key=True)
    owner: str = Field(index=True, description="network:<id> or function:<id>")
    event_id: str = Field(unique=True)
    operation_id: str
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str = ""
    at: datetime = Field(sa_type=UtcDateTime)

    @property
    def outcome(self) -> str:
        """`done`, `failed` or `busy`: twenty CloudFormation statuses in three words."""
        if self.status.endswith("_FAILED") or "ROLLBACK" in self.status:
            return "failed"
        return "done" if self.status.endswith("_COMPLETE") else "busy"
