"""Who did what to what, when and from where. Kept after the thing is gone; never holds a secret.

Each row holds the hash of the row before it and its own, so an edit, a removal or another order is
found. `docs/audit.md` says exactly what is hashed; `webapp.audit_chain` writes the rows.
"""

import hashlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, utc_now
from webapp.models.texts import (
    ACTOR_MAX,
    AWS_ID_MAX,
    ID_MAX,
    TOLD_MAX,
    WORD_MAX,
    as_stored,
    sized,
)

GENESIS = "0" * 64
"""The hash before the first row."""
HASHED = (
    "id",
    "at",
    "actor",
    "role",
    "action",
    "noun",
    "name",
    "detail",
    "client_address",
    "result",
    "request_id",
    "code",
    "previous_hash",
)


class AuditResult(StrEnum):
    """`done` is a change that was made or has begun; a try is `refused` by a rule of Egret's, and
    `failed` by an error, such as AWS's."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class AuditEvent(SQLModel, table=True):
    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_actor", "actor", "id"),
        Index("ix_audit_event_action", "action", "id"),
        Index("ix_audit_event_noun_name", "noun", "name", "id"),
        Index("ix_audit_event_name", "name", "id"),
        Index("ix_audit_event_result", "result", "id"),
        Index("ix_audit_event_at", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    actor: str = Field(sa_type=sized(ACTOR_MAX))
    role: str = Field(default="", sa_type=sized(WORD_MAX), description="Of the actor, at that time")
    action: str = Field(
        sa_type=sized(WORD_MAX), description="create, delete, upload, fetch, release, sign in …"
    )
    noun: str = Field(
        sa_type=sized(WORD_MAX), description="network, key, token …, or the kind of an orphan"
    )
    name: str = Field(sa_type=sized(AWS_ID_MAX))
    detail: str = Field(default="", sa_type=sized(TOLD_MAX))
    client_address: str = Field(
        default="",
        sa_type=sized(AWS_ID_MAX),
        description="Or the machine of what nobody asked for",
    )
    result: str = Field(default=AuditResult.DONE, sa_type=sized(WORD_MAX))
    request_id: str = Field(default="", sa_type=sized(ID_MAX))
    code: str = Field(
        default="",
        sa_type=sized(WORD_MAX),
        description="Why it was refused or failed: the error's code",
    )
    previous_hash: str = Field(
        default="", sa_type=sized(ID_MAX), description="Of the row before it"
    )
    hash: str = Field(
        default="", sa_type=sized(ID_MAX), description="SHA-256 of all the other columns"
    )

    def line(self) -> dict[str, Any]:
        """The columns as they are stored, hashed and exported; the time in UTC, in microseconds."""
        values = {name: as_stored(self, name) for name in HASHED}
        return values | {"at": _instant(self.at)}

    def digest(self) -> str:
        """The hash that belongs to what the row says."""
        text = json.dumps(self.line(), sort_keys=True, separators=(",", ":"), default=repr)
        return hashlib.sha256(text.encode()).hexdigest()


class AuditHead(SQLModel, table=True):
    """The end of the chain: one row. Who locks it may add to the chain."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    last_id: int = 0
    hash: str = Field(default=GENESIS, sa_type=sized(ID_MAX))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
