"""A proof: the address that an echo service saw a private subnet call from."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from webapp.models.base import UtcDateTime, new_id, utc_now


class Proof(SQLModel, table=True):
    """`seen_ip` is None when the probe got no answer; `problem` says why."""

    id: str = Field(default_factory=new_id, primary_key=True)
    network_id: str = Field(foreign_key="network.id", index=True, ondelete="CASCADE")
    availability_zone: str
    expected_ip: str
    seen_ip: str | None = None
    echo: str = Field(default="", description="The echo service that saw it")
    problem: str = ""
    request_id: str = ""
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)

    @property
    def ok(self) -> bool:
        return self.seen_ip == self.expected_ip
