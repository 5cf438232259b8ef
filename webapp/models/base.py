"""What the tables share: ids, times, statuses, and the columns of a row that stands for a stack."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, String, Table
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

ID_BYTES = 6


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Status(StrEnum):
    """Where a network or a function is. What is not settled is worked on in the background."""

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
    """A time with its zone, always UTC: SQLite forgets the zone, PostgreSQL reads in its own."""

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
    """An enum's value as plain text, so a new value needs no migration; subclass with `kind`."""

    impl = String(16)
    cache_ok = True
    kind: type[StrEnum]

    def process_bind_param(self, value: StrEnum | None, _dialect: Dialect) -> str | None:
        return value and self.kind(value).value

    def process_result_value(self, value: Any, _dialect: Dialect) -> StrEnum | None:
        return value and self.kind(value)


class StatusText(EnumText):
    cache_ok = True
    kind = Status


class Versioned(SQLModel):
    """`version` counts the writes: who writes over a change that they have not read is refused
    (SQLAlchemy's StaleDataError)."""

    version: int = 1
    __table__: ClassVar[Table]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}


class StackRow(Versioned):
    """The columns of a row that caches the state of a CloudFormation stack.

    `operation_id` is chosen before AWS is asked: it is the operation's ClientRequestToken.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    status: Status = Field(default=Status.REQUESTED, sa_type=StatusText)
    reason: str = Field(default="", description="Why it failed, or what it waits for")
    remedy: str = Field(default="", description="What to do about the reason")
    operation_id: str = Field(default_factory=new_id)
    started_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    stack_id: str | None = None
    creation_id: str = Field(default="", description="The operation that asked for the stack")
    resource_count: int = Field(default=0, description="How many resources the stack will have")
    unwanted: bool = Field(default=False, description="Its deletion has begun")
    attempts: int = Field(default=1, description="The how many-th request of the operation")
    attempts_max: int = Field(default=0, description="After how many a deletion is given up")
    retain: list[str] = Field(
        default_factory=list, sa_type=JSON, description="What a deletion may leave behind"
    )
    took_s: float | None = Field(default=None, description="How long its creation took")
    outputs: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)

    express_deletion: ClassVar[bool] = False
    """Whether a deletion need not wait until AWS has cleared up behind it."""

    @property
    def noun(self) -> str:
        return type(self).__name__.lower()

    @property
    def owner(self) -> str:
        """The name by which leases and stack events refer to the row: `network:<id>`."""
        return f"{self.noun}:{self.id}"

    def output_list(self, name: str) -> list[str]:
        """A stack output that is a comma-separated list."""
        return [part for part in self.outputs.get(name, "").split(",") if part]
