"""The ranges of time that metrics are shown for, and the period of each point.

A longer range has longer periods: CloudWatch keeps values of short ones for days only (see
`webapp.aws.metrics.PERIODS_KEPT`), and nobody reads a thousand points.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from webapp.aws.metrics import Span

DELAY_S = 180
"""CloudWatch has nearly all values of a period so many seconds after its end."""


class Range(StrEnum):
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def length(self) -> timedelta:
        return _LENGTHS[self]

    @property
    def period_s(self) -> int:
        return _PERIODS_S[self]


_LENGTHS = {
    Range.HOUR: timedelta(hours=1),
    Range.DAY: timedelta(days=1),
    Range.WEEK: timedelta(days=7),
    Range.MONTH: timedelta(days=30),
}
_PERIODS_S = {Range.HOUR: 60, Range.DAY: 300, Range.WEEK: 3600, Range.MONTH: 3600}
DAY_S = 24 * 3600


def span_of(chosen: Range, now: datetime) -> Span:
    """The range that ends with the period that `now` is in; all periods begin at round times."""
    end = _rounded_up(now, chosen.period_s)
    return Span(end - chosen.length, end, chosen.period_s)


def month_so_far(now: datetime) -> Span:
    """From the first of the month in UTC, as AWS bills it, until the end of today; by days."""
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = max(_rounded_up(now, DAY_S), start + timedelta(seconds=DAY_S))  # never empty
    return Span(start, end, DAY_S)


def _rounded_up(at: datetime, period_s: int) -> datetime:
    periods = -(-at.timestamp() // period_s)
    return datetime.fromtimestamp(periods * period_s, UTC)
