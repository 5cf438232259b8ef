"""A function's log, searched: by text, level, time and request."""

import re
from dataclasses import dataclass, field

from webapp.aws.filter_patterns import is_condition, term
from webapp.aws.logs import KeepLine, Log, LogLine, Search
from webapp.aws.newest_lines import LINES_MAX, Place
from webapp.errors import Conflict, Invalid
from webapp.models import Function
from webapp.scope import CloudScope
from webapp.services.functions.activity.levels import CHOICES, Level, level_of, pattern_of
from webapp.services.functions.activity.times import Span
from webapp.services.functions.details import get, network_of

FILTER_MAX_CHARS = 200
REQUEST_ID = re.compile("[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class LogQuery:
    """`text` is found as it is, unless it is a pattern in braces; `level` is of CHOICES or ''."""

    span: Span = field(default_factory=Span)
    text: str = ""
    level: str = ""
    request_id: str = ""
    before: Place | None = None
    lines: int = LINES_MAX

    def search(self) -> Search:
        """Raises Invalid with the field that is wrong.

        A pattern in braces, and one for a level, goes with no other term, so what is left is
        decided line by line.
        """
        least = _level(self.level)
        if len(self.text) > FILTER_MAX_CHARS:
            detail = f"The filter is longer than {FILTER_MAX_CHARS} characters."
            raise Invalid(detail, field="filter")
        if self.request_id and not REQUEST_ID.fullmatch(self.request_id):
            raise Invalid("This is not the id of a request.", field="request")
        terms = [term(text) for text in (self.text, self.request_id) if text]
        pattern = " ".join(terms) or pattern_of(least)
        if is_condition(self.text):
            pattern = self.text
        return Search(
            since=self.span.since,
            until=self.span.until,
            pattern=pattern,
            before=self.before,
            lines=self.lines,
            keeps=_keeps(least, self.request_id),
        )


def read(scope: CloudScope, name: str, query: LogQuery) -> Log:
    """The newest lines that it asks for. Raises Conflict before there is a function in AWS."""
    function = get(scope.session, name)
    region, search = network_of(scope.session, function).region, query.search()
    return scope.cloud_of(function).logs.newest(region, log_name(function), search)


def log_name(function: Function) -> str:
    """Whose log it is, in AWS Lambda; a version or an alias has none of its own."""
    if not function.lambda_name:
        raise Conflict(
            f"The function {function.name} is {function.status}, so it has no log yet.",
            code="function_not_ready",
            remedy="Wait until it is ready.",
            about=[function],
        )
    return function.lambda_name.partition(":")[0]


def _level(name: str) -> Level:
    if name and name not in CHOICES:
        raise Invalid(f"Choose one of: {', '.join(CHOICES)}.", field="level")
    return CHOICES.get(name, Level.PLATFORM)


def _keeps(least: Level, request_id: str) -> KeepLine | None:
    if least is Level.PLATFORM and not request_id:
        return None

    def keeps(line: LogLine) -> bool:
        return level_of(line.message) >= least and request_id in line.message

    return keeps
