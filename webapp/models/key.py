"""A key: a partner's API key. The secret itself is in AWS Secrets Manager and nowhere else."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from webapp.models.account import Account, InAccount, its_account
from webapp.models.base import (
    Audited,
    Input,
    Status,
    UtcDateTime,
    enum_text,
    its_account_id,
    new_id,
    utc_now,
)
from webapp.models.rules import Environment, Name
from webapp.models.texts import (
    AWS_ID_MAX,
    ENVIRONMENT_MAX,
    ID_MAX,
    NAME_MAX,
    NOTE_MAX,
    REGION_MAX,
    WORD_MAX,
    IdText,
    NameText,
    NoteText,
    SecretText,
    TypedText,
    WordText,
    ordered,
    sized,
)

PENDING = "pending"


class SentBy(StrEnum):
    """Where in a request a key is sent: as `Authorization: Bearer`, in a header or a query
    parameter of a name of its own."""

    BEARER = "bearer"
    HEADER = "header"
    QUERY = "query"


class NewKey(Input):
    """A key to store. The secret goes to Secrets Manager and is never shown again.

    `kind` is one of `webapp.partners.KEY_KINDS`, or empty for the first of them. `sent_as` is the
    name of the header or query parameter, for the kinds that have one. `account` is the name of
    the account whose Secrets Manager has it; empty for the own.
    """

    name: Name
    secret: SecretText = Field(repr=False)
    kind: WordText = ""
    sent_as: WordText = ""
    environment: Environment = ""
    note: NoteText = ""
    account: NameText = ""


class Anyway(Input):
    """`anyway`: although calls of functions will be refused; True, or the key's name, typed."""

    anyway: bool | TypedText = False


class GoingBack(Anyway):
    """`version`: the id of the version that is to be current; empty for the previous one."""

    version: IdText = ""


class NewVersion(Anyway):
    """A new secret for a key that exists."""

    secret: SecretText = Field(repr=False)


class Key(InAccount, Audited, SQLModel, table=True):
    """What is not secret about a key: its name, fingerprint and decoded claims.

    It is requested until its secret is known to be stored, then ready, and deleting at last.
    """

    __table_args__ = (
        Index("ix_key_account", "account_id", "name"),
        Index("ix_key_status", "status", "name"),
        Index("ix_key_secret_arn", "secret_arn"),
    )

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    name: str = Field(sa_type=ordered(NAME_MAX), unique=True)
    status: Status = Field(default=Status.READY, sa_type=enum_text(Status))
    partner: str = Field(sa_type=sized(WORD_MAX))
    sent_by: SentBy = Field(default=SentBy.BEARER, sa_type=enum_text(SentBy))
    sent_as: str = Field(
        sa_type=sized(WORD_MAX), default="", description="Name of the header or query parameter"
    )
    environment: str = Field(default="", sa_type=sized(ENVIRONMENT_MAX))
    note: str = Field(default="", sa_type=sized(NOTE_MAX))
    account_id: str | None = its_account_id()
    account: Account | None = its_account()
    region: str = Field(sa_type=sized(REGION_MAX))
    secret_arn: str = Field(sa_type=sized(AWS_ID_MAX))
    kms_key_arn: str = Field(sa_type=sized(AWS_ID_MAX))
    fingerprint: str = Field(
        sa_type=sized(ID_MAX),
        index=True,
        description="SHA-256 of the current secret, first 16 hex digits",
    )
    claims: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    @property
    def owner(self) -> str:
        """How leases refer to the row."""
        return f"{self.noun}:{self.id}"

    @property
    def carrier(self) -> str:
        """Where a handler sends it, as `KEY_SENT_AS` has it: `bearer`, `header X-Api-Key`."""
        return f"{self.sent_by} {self.sent_as}".strip()


class KeyVersion(SQLModel, table=True):
    """One upload of a key. `stage` is its staging label in Secrets Manager, or empty.

    It is `pending` from before AWS is asked to store it, or to make it current again, until AWS
    says whether it is.
    """

    __tablename__ = "key_version"

    id: str = Field(
        sa_type=sized(ID_MAX), primary_key=True, description="The version id in Secrets Manager"
    )
    key_id: str = Field(sa_type=sized(ID_MAX), foreign_key="key.id", index=True, ondelete="CASCADE")
    stage: str = Field(default="", sa_type=sized(WORD_MAX))
    fingerprint: str = Field(sa_type=sized(ID_MAX))
    claims: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="Empty for uploads before this was kept"
    )
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
