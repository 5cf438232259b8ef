"""The time range of a search in a log: one of a few, or from one time to another."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webapp.errors import Invalid

RANGES = {
    "15m": ("15 minutes", timedelta(minutes=15)),
    "1h": ("1 hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}
"""By the name in a URL: its label, and how far it reaches back. Logs are kept for 30 days."""
YEARS = range(2000, 2200)


@dataclass(frozen=True)
class Span:
    """None is from the oldest line, or until now."""

    since: datetime | None = None
    until: datetime | None = None


def span_of(since: str, until: str, range_name: str = "", *, now: datetime) -> Span:
    """From texts in ISO 8601, in UTC unless they say otherwise; '' for no limit.

    The named range is used when neither time is given. Raises Invalid.
    """
    first, last = _time(since, "from"), _time(until, "to")
    if first and last and first >= last:
        raise Invalid("The end of the time range must be after its beginning.", field="to")
    if not first and not last and range_name:
        if range_name not in RANGES:
            raise Invalid(f"Choose one of: {', '.join(RANGES)}.", field="range")
        return Span(now - RANGES[range_name][1])
    return Span(first, last if last and last < now else None)


def _time(text: str, field: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min
    if at.year not in YEARS:
        detail = f"{text[:40]} is not a time. Write it like 2026-11-25T12:00:00Z."
        raise Invalid(detail, field=field)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
