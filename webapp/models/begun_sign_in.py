"""A sign-in that went to the provider and has not come back."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now
from webapp.models.texts import ID_MAX, URL_MAX, sized


class BegunSignIn(SQLModel, table=True):
    """It is deleted when it comes back, to whichever replica. The browser has its token."""

    __tablename__ = "begun_sign_in"

    token_hash: str = Field(
        sa_type=sized(ID_MAX),
        primary_key=True,
        repr=False,
        description="SHA-256 of the token in the cookie",
    )
    next_path: str = Field(sa_type=sized(URL_MAX), description="The page that it leads to")
    session_id: str | None = Field(
        sa_type=sized(ID_MAX),
        default=None,
        description="Of the session whose owner confirms who they are; else a new one begins",
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
