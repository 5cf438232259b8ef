"""Queries of a function's log, as pages and the API have them in their URLs."""

from typing import Annotated

from fastapi import Query

from webapp.aws.newest_lines import LINES_MAX, Place
from webapp.errors import Invalid
from webapp.models import utc_now
from webapp.services.functions.activity.levels import CHOICES
from webapp.services.functions.activity.logs import FILTER_MAX_CHARS, REQUEST_ID, LogQuery
from webapp.services.functions.activity.requests import REQUESTS_MAX, STATUS, RequestQuery
from webapp.services.functions.activity.times import RANGES, Span, span_of

ISO = "In ISO 8601, such as 2026-11-25T12:00:00Z; UTC if it has no offset"
TIME = {"pattern": "^(?:|2[01][0-9]{2}-[0-9]{2}-[0-9]{2}(?:T.*)?)$"}
Since = Annotated[
    str, Query(alias="from", description=f"Not before this time. {ISO}", json_schema_extra=TIME)
]
Until = Annotated[
    str, Query(alias="to", description=f"Before this time. {ISO}", json_schema_extra=TIME)
]
RangeName = Annotated[
    str,
    Query(
        alias="range",
        description="Until now; ignored if from or to is given",
        json_schema_extra={"enum": ["", *RANGES]},
    ),
]
After = Annotated[str, Query(description="`next` of the previous page, for older ones")]


def place_of(after: str) -> Place | None:
    """Raises Invalid."""
    place = Place.read(after)
    if after and place is None:
        raise Invalid("This is not the `next` of a page.", field="after")
    return place


def span(since: Since = "", until: Until = "", range_name: RangeName = "") -> Span:
    return span_of(since, until, range_name, now=utc_now())


Filter = Annotated[
    str,
    Query(
        alias="filter",
        description="A text, or a filter pattern of CloudWatch in braces",
        json_schema_extra={"maxLength": FILTER_MAX_CHARS},
    ),
]
LevelName = Annotated[
    str,
    Query(
        description="Lines of that level or graver",
        json_schema_extra={"enum": ["", *CHOICES]},
    ),
]
RequestId = Annotated[
    str,
    Query(
        alias="request",
        description="The id of one call",
        json_schema_extra={"pattern": f"^(?:|{REQUEST_ID.pattern})$"},
    ),
]
Lines = Annotated[int, Query(ge=1, le=LINES_MAX, description="How many lines at most")]


def log_query(
    spanned: Span, *, text: str, level: str, request_id: str, after: str, lines: int = LINES_MAX
) -> LogQuery:
    return LogQuery(spanned, text.strip(), level, request_id.strip(), place_of(after), lines)


Caller = Annotated[str, Query(description="A caller's name, the id of its API key, or an ARN")]
StatusText = Annotated[
    str,
    Query(
        alias="status",
        description="Such as 403, 2xx, 4xx or 5xx",
        json_schema_extra={"pattern": f"^(?:|{STATUS.pattern})$"},
    ),
]
Requests = Annotated[int, Query(ge=1, le=REQUESTS_MAX, description="How many requests at most")]


def request_query(
    spanned: Span, *, caller: str, status: str, after: str, limit: int = 50
) -> RequestQuery:
    return RequestQuery(spanned, caller.strip(), status.strip().lower(), place_of(after), limit)
