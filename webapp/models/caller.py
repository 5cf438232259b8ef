"""A caller: someone with an API key of their own for a function's endpoint, and limits."""

from datetime import datetime
from math import ceil

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.base import Audited, Input, Status, UtcDateTime, enum_text, new_id, utc_now
from webapp.models.rules import Name, Quota, Rate
from webapp.models.texts import AWS_ID_MAX, ID_MAX, NAME_MAX, sized

RATE_DEFAULT = 10
QUOTA_DEFAULT = 100_000
BURST_FACTOR = 2
"""How many seconds' worth of calls may come at once."""


class NewCaller(Input):
    """A caller to add. `rate` is calls per second, `quota` calls per day in UTC."""

    name: Name
    rate: Rate = RATE_DEFAULT
    quota: Quota = QUOTA_DEFAULT


class NewLimits(Input):
    """Other limits for a caller; what is left out stays."""

    rate: Rate | None = None
    quota: Quota | None = None


def burst_of(rate: float) -> int:
    """How many calls may come at once with that rate."""
    return ceil(rate * BURST_FACTOR)


class Caller(Audited, SQLModel, table=True):
    """The API key itself is in API Gateway and with the caller, and nowhere else.

    It is requested until its key has been made and shown, then ready; updating while it gets
    another key or other limits; deleting at last. Its limits are written from what AWS has.
    """

    __table_args__ = (UniqueConstraint("function_id", "name", name="uq_caller_name"),)

    id: str = Field(sa_type=sized(ID_MAX), default_factory=new_id, primary_key=True)
    function_id: str = Field(sa_type=sized(ID_MAX), foreign_key="function.id", index=True)
    name: str = Field(sa_type=sized(NAME_MAX))
    status: Status = Field(default=Status.REQUESTED, sa_type=enum_text(Status))
    rate: float
    burst: int
    quota: int
    usage_plan_id: str = Field(default="", sa_type=sized(AWS_ID_MAX))
    api_key_id: str = Field(default="", sa_type=sized(AWS_ID_MAX))
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    rotated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def owner(self) -> str:
        """How leases refer to the row."""
        return f"{self.noun}:{self.id}"


class FormerKey(SQLModel, table=True):
    """A caller's API key that was replaced or revoked: its id is in lines of the request log."""

    __tablename__ = "former_key"

    api_key_id: str = Field(sa_type=sized(AWS_ID_MAX), primary_key=True)
    function_id: str = Field(
        sa_type=sized(ID_MAX), foreign_key="function.id", index=True, ondelete="CASCADE"
    )
    caller: str = Field(sa_type=sized(NAME_MAX))
    ended_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
