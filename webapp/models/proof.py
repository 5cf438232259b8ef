"""A proof: the address that an echo service saw a private subnet call from."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, index_where, new_id, utc_now
from webapp.models.texts import ID_MAX, IP_MAX, TOLD_MAX, URL_MAX, ZONE_MAX, sized

BROKEN = text("seen_ip IS NULL OR seen_ip <> expected_ip")


class Proof(SQLModel, table=True):
    """`seen_ip` is None when the probe got no answer; `problem` says why."""

    __table_args__ = (
        Index("ix_proof_newest", "network_id", "availability_zone", "at"),
        index_where("ix_proof_broken", "at", where=BROKEN),
    )

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    network_id: str = Field(sa_type=sized(ID_MAX), foreign_key="network.id", ondelete="CASCADE")
    availability_zone: str = Field(sa_type=sized(ZONE_MAX))
    expected_ip: str = Field(sa_type=sized(IP_MAX))
    seen_ip: str | None = Field(default=None, sa_type=sized(IP_MAX))
    echo: str = Field(
        sa_type=sized(URL_MAX), default="", description="The echo service that saw it"
    )
    problem: str = Field(default="", sa_type=sized(TOLD_MAX))
    request_id: str = Field(default="", sa_type=sized(ID_MAX))
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)

    @property
    def ok(self) -> bool:
        return self.seen_ip == self.expected_ip
