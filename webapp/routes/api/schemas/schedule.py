"""What the API gives for a network's schedule."""

from datetime import datetime

from pydantic import BaseModel

from webapp.models import Network, Status, WeeklyHours, utc_now


class ScheduleOut(BaseModel):
    """`next_change_at`: when the hours begin or end next; `next_status`: its status then."""

    hours: WeeklyHours | None
    idle_hours: int
    next_change_at: datetime | None
    next_status: Status | None


def schedule_out(network: Network) -> ScheduleOut:
    hours, now = network.weekly_hours, utc_now()
    change_at = hours.next_change(now) if hours else None
    is_running = bool(hours and change_at and hours.include(change_at))
    next_status = Status.READY if is_running else Status.PARKED
    return ScheduleOut(
        hours=hours,
        idle_hours=network.idle_hours,
        next_change_at=change_at,
        next_status=next_status if change_at else None,
    )
