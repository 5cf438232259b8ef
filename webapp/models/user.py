"""People who sign in, and the tokens that sessions and programs carry. Only hashes are kept."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Strict
from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from webapp.models.base import (
    Audited,
    Input,
    UtcDateTime,
    enum_text,
    folded,
    new_id,
    no_items,
    utc_now,
)
from webapp.models.role import Role
from webapp.models.rules import WHOLE
from webapp.models.texts import (
    AWS_ID_MAX,
    ID_MAX,
    IP_MAX,
    PERSON_MAX,
    SUBJECT_MAX,
    URL_MAX,
    PersonText,
    WordText,
    sized,
)

TOKEN_DAYS = 90
"""How long an API token lasts, if nothing else is said."""
TOKEN_DAYS_MAX = 3650
SCOPES_MAX = 50
USER_AGENT_MAX = 200
FOLDED_MAX = 4 * PERSON_MAX
"""Some characters are folded to several."""


def _folded_name(context: Any) -> str:
    """Of the row that is being inserted; a name never changes."""
    return folded(context.get_current_parameters()["name"])


class User(Audited, SQLModel, table=True):
    """A person who may sign in: with a password, once they have one, or by the provider.

    Who comes from the provider has `issuer` and `subject`, and no password, ever.
    """

    __table_args__ = (Index("ix_user_of_provider", "issuer", "subject", unique=True),)

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    name: str = Field(sa_type=sized(PERSON_MAX), unique=True)
    folded: str | None = Field(
        sa_type=sized(FOLDED_MAX),
        default=None,
        sa_column_kwargs={"default": _folded_name},
        index=True,
        description="What tells the name from others: nobody else's may look the same",
    )
    password_hash: str = Field(
        sa_type=sized(AWS_ID_MAX), repr=False, description="'' until the person has chosen one"
    )
    issuer: str | None = Field(
        sa_type=sized(URL_MAX), default=None, description="The provider that signs the person in"
    )
    subject: str | None = Field(
        sa_type=sized(SUBJECT_MAX), default=None, description="What that provider knows them by"
    )
    role: Role = Field(default=Role.VIEWER, sa_type=enum_text(Role))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    has_second_factor: bool = Field(
        default=False, description="Kept with the rows of their factors, which are not counted"
    )

    @property
    def has_password(self) -> bool:
        return bool(self.password_hash)

    @property
    def is_from_provider(self) -> bool:
        return self.subject is not None

    @property
    def is_invited(self) -> bool:
        """Whether they have to choose a password first."""
        return not self.has_password and not self.is_from_provider

    @property
    def brings_second_factor(self) -> bool:
        """Whether a sign-in asks for more than a password; of the provider's, it sees to that."""
        return self.has_second_factor or self.is_from_provider


class TokenKind(StrEnum):
    SETUP = "setup"
    SESSION = "session"
    HALF_SESSION = "half_session"
    API = "api"
    INVITATION = "invitation"


class AccessToken(Audited, SQLModel, table=True):
    """A session's cookie, the one between a password and a code, a program's bearer token, the
    setup token, or a link that lets one person choose a password. Each column says of which kind it
    is, where it is not of all."""

    __tablename__ = "access_token"
    __table_args__ = (Index("ix_access_token_kind", "kind", "name", "id"),)

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    kind: TokenKind = Field(sa_type=enum_text(TokenKind))
    token_hash: str = Field(
        sa_type=sized(ID_MAX), unique=True, repr=False, description="SHA-256 of the token"
    )
    name: str = Field(default="", sa_type=sized(PERSON_MAX))
    role: Role = Field(default=Role.VIEWER, sa_type=enum_text(Role), description="Of an API token")
    scopes: list[str] = Field(
        default_factory=no_items, sa_type=JSON, description="Areas of the API; none means all"
    )
    user_id: str | None = Field(
        sa_type=sized(ID_MAX),
        default=None,
        foreign_key="user.id",
        ondelete="CASCADE",
        index=True,
    )
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
    client: str = Field(
        sa_type=sized(IP_MAX), default="", description="Session: the address it was opened from"
    )
    user_agent: str = Field(
        sa_type=sized(USER_AGENT_MAX),
        default="",
        description="Session: what the browser calls itself",
    )

    @property
    def noun(self) -> str:
        return "token"


class NewPerson(Input):
    """Somebody to invite."""

    name: PersonText
    role: Annotated[Role, Strict(False)] = Role.VIEWER


class NewRole(Input):
    """Another role for somebody."""

    role: Annotated[Role, Strict(False)]


class NewToken(Input):
    """An API token to make. `scopes` are areas of the API, none means all; `expires_in_days` null
    means that it never expires."""

    name: PersonText
    role: Annotated[Role, Strict(False)] = Role.VIEWER
    scopes: list[WordText] = Field(default_factory=list, max_length=SCOPES_MAX)
    expires_in_days: Annotated[int, Field(ge=1, le=TOKEN_DAYS_MAX), WHOLE] | None = TOKEN_DAYS
