"""What the API takes and gives for parking by itself."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from webapp.models import Network, Status, utc_now
from webapp.models.hours import Hours


class WeeklyHours(BaseModel):
    """`time_zone` is an IANA name, `days` are mon … sun, `start` and `end` are like 08:00."""

    model_config = ConfigDict(extra="forbid")

    time_zone: str
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    start: str
    end: str

    def as_hours(self) -> Hours:
        return Hours(self.time_zone, tuple(self.days), self.start, self.end)


class NewSchedule(BaseModel):
    """`idle_hours`: parked after so many hours without a call; 0 is never."""

    model_config = ConfigDict(extra="forbid")

    hours: WeeklyHours | None = None
    idle_hours: int = 0


class ScheduleOut(NewSchedule):
    """`next_change_at` is when the hours begin or end next, `next_status` what it is then."""

    next_change_at: datetime | None
    next_status: str | None


def schedule_out(network: Network) -> ScheduleOut:
    hours, now = network.weekly_hours, utc_now()
    edge = hours.next_change(now) if hours else None
    next_status = Status.READY if hours and edge and hours.include(edge) else Status.PARKED
    return ScheduleOut(
        hours=WeeklyHours.model_validate(asdict(hours)) if hours else None,
        idle_hours=network.idle_hours,
        next_change_at=edge,
        next_status=next_status.value if edge else None,
    )
