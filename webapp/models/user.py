"""People who sign in, and the tokens that sessions and programs carry. Only hashes are kept."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from webapp.models.base import Audited, UtcDateTime, enum_text, new_id, utc_now
from webapp.models.role import Role
from webapp.models.texts import AWS_ID_MAX, ID_MAX, PERSON_MAX, sized


class User(Audited, SQLModel, table=True):
    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    name: str = Field(sa_type=sized(PERSON_MAX), unique=True)
    password_hash: str = Field(sa_type=sized(AWS_ID_MAX), repr=False)
    role: Role = Field(default=Role.VIEWER, sa_type=enum_text(Role))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class TokenKind(StrEnum):
    SETUP = "setup"
    SESSION = "session"
    API = "api"


class AccessToken(Audited, SQLModel, table=True):
    """A session's cookie, a program's bearer token, or the one-time setup token."""

    __tablename__ = "access_token"

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    kind: TokenKind = Field(sa_type=enum_text(TokenKind))
    token_hash: str = Field(
        sa_type=sized(ID_MAX), unique=True, repr=False, description="SHA-256 of the token"
    )
    name: str = Field(default="", sa_type=sized(PERSON_MAX))
    role: Role = Field(default=Role.VIEWER, sa_type=enum_text(Role), description="Of an API token")
    scopes: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Areas of the API; none means all"
    )
    user_id: str | None = Field(
        sa_type=sized(ID_MAX), default=None, foreign_key="user.id", ondelete="CASCADE"
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def noun(self) -> str:
        return "token"
