"""Weekly hours in which a network runs; outside them it is parked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD_DAYS = 9


@dataclass(frozen=True)
class Hours:
    """On each of `days`, from `start` to `end` by the clocks of `time_zone` (an IANA name).

    An end that is not after the start is on the next day: 22:00 to 06:00 is a night.
    """

    time_zone: str
    days: tuple[str, ...]
    start: str
    end: str

    def include(self, now: datetime) -> bool:
        """Whether a network with these hours runs at `now`."""
        return any(start <= now < end for start, end in self._spans(now))

    def next_change(self, now: datetime) -> datetime | None:
        """When it is parked or unparked next, in UTC; None when it always runs."""
        edges = sorted(edge for span in self._spans(now) for edge in span if edge > now)
        return next((edge for edge in edges if self.include(edge) != self.include(now)), None)

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        for offset in range(-1, LOOK_AHEAD_DAYS):
            day = today + timedelta(days=offset)
            if DAYS[day.weekday()] in self.days:
                last = day if self.end > self.start else day + timedelta(days=1)
                yield self._at(day, self.start), self._at(last, self.end)

    def _at(self, day: date, clock: str) -> datetime:
        """In UTC, because a day on which clocks are changed is not 24 hours long."""
        local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(self.time_zone))
        return local.astimezone(UTC)
