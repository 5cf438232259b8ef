"""The logs of functions in CloudWatch, read by FilterLogEvents.

What a function writes is there after some seconds. Reading a log costs nothing by itself; AWS's own
live tail (StartLiveTail) is billed by the minute.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from webapp.aws.clients import Clients
from webapp.aws.errors import aws_errors, message_of
from webapp.aws.invocations import text_of
from webapp.aws.newest_lines import LINES_MAX, Place, Wanted, newest
from webapp.errors import Invalid

IDLE_PAGES_MAX = 300
NEW_PAGES_MAX = 20
MESSAGE_MAX_CHARS = 256 * 1024
"""Of one event of CloudWatch."""
INVOCATION_STARTS = '"START RequestId"'
"""A filter pattern for the line that Lambda logs at the start of each invocation."""

KeepLine = Callable[["LogLine"], bool]


@dataclass(frozen=True)
class LogLine:
    """`at_ms` is milliseconds since 1970. Of one event; a traceback is several lines of text."""

    at_ms: int
    message: str
    event_id: str = ""

    @property
    def place(self) -> Place:
        return Place(self.at_ms, self.event_id)

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


@dataclass(frozen=True)
class Log:
    """Oldest line first. Not `complete`: the search took too long, so there may be more.

    `older` is where to go on to older lines. Not `exists`: there is no log group.
    """

    lines: list[LogLine]
    complete: bool
    older: Place | None = None
    exists: bool = True


@dataclass(frozen=True)
class Search:
    """Which lines: between two times, matching a filter pattern, before a place; and how many.

    `keeps` decides what a pattern cannot; lines that it does not keep do not count.
    """

    since: datetime | None = None
    until: datetime | None = None
    pattern: str = ""
    before: Place | None = None
    lines: int = LINES_MAX
    keeps: KeepLine | None = None


EVERYTHING = Search()


class _NoLog(Exception):
    """The function has no log group: it never ran, or is gone."""


class Logs:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def newest(self, region: str, name: str, search: Search = EVERYTHING) -> Log:
        """The newest of the lines that are searched for.

        Raises Invalid for a pattern that CloudWatch does not accept.
        """
        before = search.before
        if search.until:
            until = Place(_ms(search.until))
            before = min(before, until) if before else until
        keeps = search.keeps
        kept = {"kept": lambda event: keeps(_line(event))} if keeps else {}
        wanted = Wanted(search.lines, search.since, before, **kept)
        pages = partial(self._pages, region, name, pattern=search.pattern)
        try:
            found = newest(pages, datetime.now(UTC), wanted)
        except _NoLog:
            return Log([], complete=True, exists=False)
        return Log([_line(event) for event in found.events], found.complete, found.older)

    def since(self, region: str, name: str, since: datetime, pattern: str = "") -> list[LogLine]:
        """The lines from that time on, oldest first, of NEW_PAGES_MAX pages at most.

        Empty while there is no log. Raises Invalid as `newest` does.
        """
        with suppress(_NoLog):
            pages = self._pages(region, name, since, pattern=pattern)
            events = [e for page in islice(pages, NEW_PAGES_MAX) for e in page["events"]]
            return sorted(map(_line, events), key=lambda line: line.place)
        return []

    def ran_since(self, region: str, name: str, since: datetime) -> bool:
        """Whether the function was invoked after `since`, by its log.

        Empty pages say nothing: CloudWatch gives them while it searches. After IDLE_PAGES_MAX of
        them the answer is True, so that a network is not parked on a guess.
        """
        pages = self._pages(region, name, since, pattern=INVOCATION_STARTS)
        with suppress(_NoLog):
            return any(
                page["events"] or number >= IDLE_PAGES_MAX for number, page in enumerate(pages, 1)
            )
        return False

    def _pages(
        self,
        region: str,
        name: str,
        since: datetime,
        until: datetime | None = None,
        *,
        pattern: str = "",
    ) -> Iterator[Mapping[str, Any]]:
        """Each page of the events from `since` until before `until`. Raises _NoLog."""
        client = self._clients.logs(region)
        end: Any = {"endTime": _ms(until) - 1} if until else {}
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{name}",
            startTime=_ms(since),
            filterPattern=pattern,
            **end,
        )
        with aws_errors(f"reading the log of {name}", region):
            try:
                yield from pages
            except client.exceptions.ResourceNotFoundException as error:
                raise _NoLog from error
            except client.exceptions.InvalidParameterException as error:
                if not pattern:
                    raise
                detail = f"CloudWatch does not accept this filter: {message_of(error)}"
                remedy = "Search for a text, or correct the pattern in braces."
                raise Invalid(detail, remedy=remedy, field="filter") from error


def _line(event: Mapping[str, Any]) -> LogLine:
    message = text_of(event["message"]).rstrip()[:MESSAGE_MAX_CHARS]
    return LogLine(event["timestamp"], message, str(event.get("eventId", "")))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
