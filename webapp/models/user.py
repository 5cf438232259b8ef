"""People who sign in, and the tokens that sessions and programs carry. Only hashes are kept."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from webapp.models.base import Audited, Input, UtcDateTime, enum_text, new_id, utc_now
from webapp.models.role import Role

TOKEN_DAYS = 90
"""How long an API token lasts, if nothing else is said."""


class User(Audited, SQLModel, table=True):
    """A person who may sign in, once they have a password."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    password_hash: str = Field(repr=False, description="'' until the person has chosen one")
    role: Role = Field(default=Role.VIEWER, sa_type=enum_text(Role))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def has_password(self) -> bool:
        return bool(self.password_hash)

    @property
    def has_second_factor(self) -> bool:
        """None can be set up yet."""
        return False


class TokenKind(StrEnum):
    SETUP = "setup"
    SESSION = "session"
    API = "api"
    INVITATION = "invitation"


class AccessToken(Audited, SQLModel, table=True):
    """A session's cookie, a program's bearer token, the setup token, or a link that lets one person
    choose a password. Each column says of which kind it is, where it is not of all."""

    __tablename__ = "access_token"

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: TokenKind = Field(sa_type=enum_text(TokenKind))
    token_hash: str = Field(unique=True, repr=False, description="SHA-256 of the token")
    name: str = ""
    role: Role = Field(default=Role.VIEWER, sa_type=enum_text(Role), description="Of an API token")
    scopes: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Areas of the API; none means all"
    )
    user_id: str | None = Field(default=None, foreign_key="user.id", ondelete="CASCADE", index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Session: when it is over, however busy"
    )
    last_used_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Session, API token: written once a minute"
    )
    authenticated_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Session: when the password was last typed"
    )
    client: str = Field(default="", description="Session: the address it was opened from")
    user_agent: str = Field(default="", description="Session: what the browser calls itself")

    @property
    def noun(self) -> str:
        return "token"


class NewPerson(Input):
    """Somebody to invite."""

    name: str
    role: Role = Role.VIEWER


class NewRole(Input):
    """Another role for somebody."""

    role: Role


class NewToken(Input):
    """An API token to make. `scopes` are areas of the API, none means all; `expires_in_days` null
    means that it never expires."""

    name: str
    role: Role = Role.VIEWER
    scopes: list[str] = Field(default_factory=list)
    expires_in_days: int | None = TOKEN_DAYS
