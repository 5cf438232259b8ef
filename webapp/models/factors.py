"""Second factors of people: an authenticator app, and codes for when it is lost."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now
from webapp.models.texts import ID_MAX, TYPED_MAX, sized


class Totp(SQLModel, table=True):
    """The secret that a person's authenticator app has, too. It counts once a code has confirmed
    it."""

    user_id: str = Field(
        sa_type=sized(ID_MAX), primary_key=True, foreign_key="user.id", ondelete="CASCADE"
    )
    sealed: str = Field(
        sa_type=sized(TYPED_MAX), repr=False, description="The secret, encrypted: `webapp.sealing`"
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_step: int = Field(
        default=0, description="Of the last code that was used: no code works twice"
    )


class RecoveryCode(SQLModel, table=True):
    """One that has not been used. It is deleted by its use."""

    __tablename__ = "recovery_code"

    code_hash: str = Field(
        sa_type=sized(ID_MAX), primary_key=True, repr=False, description="SHA-256 of the code"
    )
    user_id: str = Field(
        sa_type=sized(ID_MAX), foreign_key="user.id", ondelete="CASCADE", index=True
    )
