"""A snapshot: one answer of the partner, fetched through a function and kept.

An answer that is not a success is kept too, as the reason why the last good one is getting old.
"""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, new_id, utc_now
from webapp.models.texts import ACTOR_MAX, AWS_ID_MAX, ID_MAX, IP_MAX, TOLD_MAX, sized


class Snapshot(SQLModel, table=True):
    """`body` is byte for byte what the function returned."""

    __table_args__ = (
        Index("ix_snapshot_newest", "function_id", "ok", "fetched_at"),
        Index("ix_snapshot_of_function", "function_id", "fetched_at"),
        Index("ix_snapshot_ok", "ok", "fetched_at"),
    )

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    function_id: str = Field(sa_type=sized(ID_MAX), foreign_key="function.id", ondelete="CASCADE")
    ok: bool
    fetched_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    ttl_s: int = 0
    upstream_status: int | None = None
    egress_ip: str | None = Field(default=None, sa_type=sized(IP_MAX))
    key_version: str | None = Field(default=None, sa_type=sized(AWS_ID_MAX))
    content_type: str = Field(default="application/json", sa_type=sized(ACTOR_MAX))
    etag: str = Field(default="", sa_type=sized(ACTOR_MAX))
    body: bytes = Field(default=b"", sa_type=LargeBinary, repr=False)
    problem: str = Field(
        sa_type=sized(TOLD_MAX), default="", description="Why it is not a success; empty when it is"
    )
    remedy: str = Field(default="", sa_type=sized(TOLD_MAX))

    def age_s(self, now: datetime | None = None) -> int:
        return max(0, int(((now or utc_now()) - self.fetched_at).total_seconds()))

    def left_s(self, now: datetime | None = None) -> int:
        """Seconds until the partner's `max-age` has passed."""
        return max(0, self.ttl_s - self.age_s(now))

    def stale(self, now: datetime | None = None) -> bool:
        return self.left_s(now) == 0
