"""What the API gives of callers."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from webapp.models import Status
from webapp.services.functions.callers import CallerDetail, Issued


class UsageOut(BaseModel):
    day: date
    calls: int


class CallerOut(BaseModel):
    """`rate` is calls per second, `burst` calls at once, `quota` calls per day in UTC.

    `usage` has the last days, the oldest first; null when AWS did not answer.
    """

    name: str
    status: Status
    rate: float
    burst: int
    quota: int
    usage_today: int | None
    usage: list[UsageOut] | None
    created_at: datetime
    rotated_at: datetime | None


class IssuedOut(CallerOut):
    """`key` is what the caller sends as `x-api-key`. It is in no other answer."""

    key: str = Field(repr=False)


def caller_out(detail: CallerDetail) -> CallerOut:
    caller, usage = detail.caller, detail.usage
    return CallerOut(
        **caller.model_dump(include={"name", "rate", "burst", "quota", "created_at", "rotated_at"}),
        status=caller.status,
        usage_today=detail.today,
        usage=None if usage is None else [UsageOut(day=d, calls=n) for d, n in usage.items()],
    )


def issued_out(issued: Issued) -> IssuedOut:
    """Without its usage, which would need another call to AWS."""
    shown = caller_out(CallerDetail(issued.caller, usage=None))
    return IssuedOut(**shown.model_dump(), key=issued.key)
