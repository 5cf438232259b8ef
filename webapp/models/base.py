"""What every table shares: ids, times and statuses. Columns and derived values only; no I/O."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator

ID_BYTES = 6


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
    """A time with its zone, always UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        read: datetime | None = value
        return read.replace(tzinfo=UTC) if read and read.tzinfo is None else read


def enum_column(kind: type[StrEnum]) -> Column[Any]:
    """A column that holds the enum's values as plain text, so a new value needs no migration."""
    text = Enum(kind, native_enum=False, values_callable=list, length=16, create_constraint=False)
    return Column(text, nullable=False)


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def utc_now() -> datetime:
    return datetime.now(UTC)
