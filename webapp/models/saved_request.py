"""Requests to a function that somebody tries out, and those that are saved for the next time."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.base import Input, UtcDateTime, new_id, utc_now
from webapp.models.texts import (
    ACTOR_MAX,
    ID_MAX,
    LABEL_MAX,
    BodyText,
    HeaderText,
    LabelText,
    NameOfHeader,
    UrlText,
    WordText,
    sized,
)


class TriedRequest(Input):
    """A request as a caller of the endpoint makes it; a value may be given several times.

    Without a `path`, it is the endpoint's own.
    """

    method: WordText = "GET"
    path: UrlText = ""
    query: dict[NameOfHeader, HeaderText | list[HeaderText]] = Field(default_factory=dict)
    headers: dict[NameOfHeader, HeaderText] = Field(default_factory=dict)
    body: BodyText = ""


class NewInvocation(Input):
    """What to call a function with: an event, or a request that becomes one; not both."""

    event: dict[str, Any] | None = None
    request: TriedRequest | None = None


class NewSavedRequest(NewInvocation):
    name: LabelText


class SavedRequest(SQLModel, table=True):
    """`content` is a NewInvocation. It holds no secret: what looks like one is not saved."""

    __tablename__ = "saved_request"
    __table_args__ = (UniqueConstraint("function_id", "name"),)

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    function_id: str = Field(
        sa_type=sized(ID_MAX), foreign_key="function.id", index=True, ondelete="CASCADE"
    )
    name: str = Field(sa_type=sized(LABEL_MAX))
    content: dict[str, Any] = Field(sa_type=JSON)
    created_by: str = Field(sa_type=sized(ACTOR_MAX))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def invocation(self) -> NewInvocation:
        return NewInvocation.model_validate(self.content)
