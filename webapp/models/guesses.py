"""Wrong passwords and tokens, counted for all replicas."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now
from webapp.models.texts import ID_MAX, sized


class Guesses(SQLModel, table=True):
    """A series of wrong ones. People type a password where the name belongs: only hashes here."""

    subject: str = Field(
        sa_type=sized(ID_MAX),
        primary_key=True,
        description="SHA-256 of what was guessed, the account and the client",
    )
    failures: int = 0
    last_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    wait_until: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    known: bool = Field(default=False, description="The client has signed in to the account before")
