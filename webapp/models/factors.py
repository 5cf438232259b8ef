"""Second factors of people: authenticator apps, passkeys, and codes for when they are lost."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, new_id, utc_now
from webapp.models.texts import ID_MAX, LABEL_MAX, TYPED_MAX, URL_MAX, sized


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


class Passkey(SQLModel, table=True):
    """The public half of a key that a device or password manager of the person has."""

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    user_id: str = Field(
        sa_type=sized(ID_MAX), foreign_key="user.id", ondelete="CASCADE", index=True
    )
    name: str = Field(sa_type=sized(LABEL_MAX))
    credential_id: str = Field(sa_type=sized(URL_MAX), unique=True, description="In base64url")
    public_key: str = Field(sa_type=sized(URL_MAX), description="COSE, in base64url")
    sign_count: int = Field(default=0, sa_type=BigInteger)
    challenge_at: datetime = Field(
        sa_type=UtcDateTime, description="Of the last use: an older challenge does not work again"
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
