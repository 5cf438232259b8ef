"""A network's schedule: weekly hours in which it runs, and idle hours after which it is parked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Strict

from webapp.models.base import Input
from webapp.models.rules import Clock, IdleHours, described
from webapp.models.texts import WordText

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
DAYS_AHEAD = 9
"""Enough to find the next change of hours that are on one day of the week."""


class WeeklyHours(Input):
    """On each of `days`, from `start` to `end` (like 08:00) in `time_zone` (an IANA name).

    An end that is not after the start is on the next day: 22:00 to 06:00 is a night.
    """

    time_zone: WordText
    days: Annotated[tuple[Day, ...], Strict(False), described(minItems=1)]
    start: Clock
    end: Clock

    def include(self, now: datetime) -> bool:
        """Whether a network with these hours runs at `now`."""
        return any(start <= now < end for start, end in self._spans(now))

    def next_change(self, now: datetime) -> datetime | None:
        """When it is parked or unparked next, in UTC; None when it always runs."""
        edges = sorted(edge for span in self._spans(now) for edge in span if edge > now)
        return next((edge for edge in edges if self.include(edge) != self.include(now)), None)

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        today = now.astimezone(ZoneInfo(self.time_zone)).date()
        for offset in range(-1, DAYS_AHEAD):
            day = today + timedelta(days=offset)
            if DAYS[day.weekday()] in self.days:
                last = day if self.end > self.start else day + timedelta(days=1)
                yield self._at(day, self.start), self._at(last, self.end)

    def _at(self, day: date, clock: str) -> datetime:
        """In UTC: a day on which the clocks change does not have 24 hours."""
        local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(self.time_zone))
        return local.astimezone(UTC)


class NewSchedule(Input):
    """`idle_hours`: park the network after so many hours without a call; 0 is never."""

    hours: WeeklyHours | None = None
    idle_hours: IdleHours = 0
