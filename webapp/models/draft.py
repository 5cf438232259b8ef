"""A form that was sent and not accepted yet, too long for the address of its page."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now
from webapp.models.texts import ID_MAX, URL_MAX, sized


class KeptDraft(SQLModel, table=True):
    """Without the form's secrets, and shown to who is signed in only."""

    __tablename__ = "draft"

    token_hash: str = Field(
        sa_type=sized(ID_MAX), primary_key=True, description="SHA-256 of the token in the address"
    )
    path: str = Field(sa_type=sized(URL_MAX), description="The page that shows it")
    fields: list[list[str]] = Field(sa_type=JSON, description="Names and texts, in their order")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
