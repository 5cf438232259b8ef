"""What the tables share: ids, times, statuses, and the columns of a row that has a stack."""

import secrets
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, DateTime, Dialect, Index, String, Table, TextClause, text
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from webapp.models.texts import AWS_ID_MAX, ID_MAX, NAME_MAX, TOLD_MAX, ordered, sized

ID_BYTES = 6


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def utc_now() -> datetime:
    return datetime.now(UTC)


def no_items() -> list[Any]:
    """Of a new row. Pydantic reads the signature of such a function for each row, which takes it
    ten times as long for a class, such as list."""
    return []


def folded(text: str) -> str:
    """What of a text tells it from another one: not its case, blanks, format characters or how
    Unicode composes its letters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    shown = (c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join("".join(shown).split())


class Input(BaseModel):
    """What a person or program sends to make or change something.

    A form and the API build the same class. An unknown field is an error: it is probably a typing
    mistake. A program has to send a number as a number; a form has texts only, and is read with
    `strict=False`. Fields with `repr=False` are secrets and are never shown again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Audited:
    """A row that the audit trail refers to by its noun and name."""

    if TYPE_CHECKING:
        name: str

    @property
    def noun(self) -> str:
        return type(self).__name__.lower()

    @property
    def audit_name(self) -> str:
        return self.name

    @property
    def page(self) -> str:
        """Of a network, function or key: where it is shown."""
        return f"/{self.noun}s/{self.name}"


class Status(StrEnum):
    """The status of a network, function or key. The background loop works on unsettled rows.

    It also prepares the pending change of a network that is *ready*.
    """

    REQUESTED = "requested"
    CREATING = "creating"
    READY = "ready"
    UPDATING = "updating"
    PARKING = "parking"
    PARKED = "parked"
    UNPARKING = "unparking"
    DELETING = "deleting"
    FAILED = "failed"

    @property
    def settled(self) -> bool:
        return self in {Status.READY, Status.PARKED, Status.FAILED}


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC. SQLite drops the time zone; PostgreSQL converts to the server's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        read: datetime | None = value
        if read is None:
            return None
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


class EnumText(TypeDecorator[StrEnum]):
    """An enum stored as plain text, so that a new value needs no migration."""

    impl = String(16)
    cache_ok = True
    kind: type[StrEnum]

    def process_bind_param(self, value: StrEnum | None, _dialect: Dialect) -> str | None:
        return value and self.kind(value).value

    def process_result_value(self, value: Any, _dialect: Dialect) -> StrEnum | None:
        return value and self.kind(value)


def enum_text(kind: type[StrEnum]) -> type[EnumText]:
    """The column type for that enum."""
    return type(f"{kind.__name__}Text", (EnumText,), {"kind": kind, "cache_ok": True})


class Versioned(SQLModel):
    """A row with optimistic locking: `version` counts the writes.

    A write that is based on an older version raises SQLAlchemy's StaleDataError.
    """

    version: int = 1
    __table__: ClassVar[Table]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}


def its_account_id() -> Any:
    """The column for the account of a row; None is the own account."""
    return Field(
        default=None,
        sa_type=sized(ID_MAX),
        foreign_key="account.id",
        index=True,
        description="None: the own account",
    )


class WithOutputs:
    """What has the outputs of a stack."""

    if TYPE_CHECKING:
        outputs: dict[str, str]

    def output_list(self, name: str) -> list[str]:
        """The values of a stack output that is a comma-separated list."""
        return [part for part in self.outputs.get(name, "").split(",") if part]


def index_where(name: str, *columns: str, where: TextClause) -> Index:
    """Of the rows of which the condition is true. PostgreSQL has it as well: migrations make it.
    Said here, it would load that dialect, which takes 2 MiB, for SQLite too."""
    return Index(name, *columns, sqlite_where=where)


HAS_REASON = text("reason <> ''")
"""Of rows that tell why they failed or what they wait for: the condition of an index of these."""


class StackRow(WithOutputs, Audited, Versioned):
    """A row that caches the state of its CloudFormation stack.

    `operation_id` is chosen before AWS is called, and sent as the operation's ClientRequestToken.
    """

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    name: str = Field(sa_type=ordered(NAME_MAX), unique=True)
    account_id: str | None = its_account_id()
    status: Status = Field(default=Status.REQUESTED, sa_type=enum_text(Status))
    reason: str = Field(
        sa_type=sized(TOLD_MAX), default="", description="Why it failed, or what it waits for"
    )
    remedy: str = Field(
        sa_type=sized(TOLD_MAX), default="", description="What to do about the reason"
    )
    operation_id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id)
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    stack_id: str | None = Field(default=None, sa_type=sized(AWS_ID_MAX))
    creation_id: str = Field(
        sa_type=sized(ID_MAX), default="", description="The operation that asked for the stack"
    )
    resource_count: int = Field(default=0, description="How many resources the stack will have")
    unwanted: bool = Field(default=False, description="Its deletion has started")
    attempts: int = Field(default=1, description="Number of the current attempt, from 1")
    attempts_max: int = Field(default=0, description="A deletion is given up after this many")
    retain: list[str] = Field(
        default_factory=no_items, sa_type=JSON, description="What the deletion retains in AWS"
    )
    took_s: float | None = Field(default=None, description="How long its creation took")
    outputs: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    look_at: datetime | None = Field(
        default_factory=utc_now,
        sa_type=UtcDateTime,
        description="When a round looks whether something is to be done; empty: never",
    )

    express_deletion: ClassVar[bool] = False
    """Whether CloudFormation may report the stack as deleted before Lambda has cleaned up."""

    @property
    def owner(self) -> str:
        """How leases and stack events refer to the row: `network:<id>`."""
        return f"{self.noun}:{self.id}"

    @property
    def leaving(self) -> bool:
        """Whether it is being deleted, or a deletion of it has failed."""
        return self.unwanted or self.status is Status.DELETING

    @property
    def elapsed_s(self) -> float:
        """Since the current operation began."""
        return (utc_now() - self.started_at).total_seconds()


def look_at_changed(_mapper: object, _connection: object, row: StackRow) -> None:
    """The next round looks at a row that has changed: listens to its updates."""
    row.look_at = utc_now()
