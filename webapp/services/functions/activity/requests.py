"""The request log: each call of a function, from the one line that its handler writes for it.

The line is JSON with `"type": "request"`. It has no body, no query and no secret. Anyone who can
edit the function can write any line, so nothing of it is trusted: what cannot be read is counted
and left out, and every value is bounded.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session

from webapp.aws.filter_patterns import all_of, one_of
from webapp.aws.invocations import text_of
from webapp.aws.logs import LogLine, Search
from webapp.aws.newest_lines import Place
from webapp.errors import Invalid
from webapp.scope import CloudScope
from webapp.services.functions.activity.logs import log_name
from webapp.services.functions.activity.times import Span
from webapp.services.functions.callers import key_ids
from webapp.services.functions.details import get, network_of

REQUESTS_MAX = 200
TEXT_MAX_CHARS = 300
CALL_MAX = timedelta(minutes=15)
"""The longest that Lambda lets a function run."""
MS_MAX = CALL_MAX.total_seconds() * 1000
KEYS_MAX = 20
"""Of one caller, the newest ones: a filter pattern has 1,024 characters."""
STATUS = re.compile(r"([1-5])xx|([1-5][0-9]{2})")
OWN_CALLS = {"egret": "Egret"}
"""What Egret's own calls have as their caller, and how that is shown."""

Names = Mapping[str, str]


@dataclass(frozen=True)
class RequestQuery:
    """`caller` is a name or what a line has for it; `status` is '', `200`, `4xx` …"""

    span: Span = field(default_factory=Span)
    caller: str = ""
    status: str = ""
    before: Place | None = None
    limit: int = 50


@dataclass(frozen=True)
class LoggedRequest:
    """One call. None is what the line does not say; `caller` is its name, or else the id."""

    at: datetime
    caller: str
    caller_id: str
    method: str
    path: str
    status: int
    upstream_status: int | None
    upstream_ms: float | None
    total_ms: float | None
    egress_ip: str | None
    key_version: str | None
    cached: bool
    request_id: str
    code: str


@dataclass(frozen=True)
class RequestLog:
    """Newest call first. `unreadable` lines are left out. For the rest, see `Log`."""

    requests: list[LoggedRequest]
    unreadable: int
    complete: bool
    older: Place | None
    exists: bool


def names_of_callers(session: Session, name: str) -> Names:
    """The names of the function's callers, present and former, by the ids in request lines."""
    return key_ids.names(session, get(session, name)) | OWN_CALLS


def read(scope: CloudScope, name: str, query: RequestQuery, callers: Names) -> RequestLog:
    """The newest calls that the query asks for. `callers` are names by what lines have for them.

    Raises Invalid with the field that is wrong, and Conflict before the function exists in AWS.
    """
    function = get(scope.session, name)
    region, search = network_of(scope.session, function).region, _search(query, callers)
    log = scope.cloud_of(function).logs.newest(region, log_name(function), search)
    read_lines = [request_of(line, callers) for line in reversed(log.lines)]
    readable = [request for request in read_lines if request]
    unreadable = len(read_lines) - len(readable)
    return RequestLog(readable, unreadable, log.complete, log.older, log.exists)


def request_of(line: LogLine, callers: Names) -> LoggedRequest | None:
    """The call that a line describes; None if it is malformed."""
    try:
        logged = json.loads(line.message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(logged, dict) or logged.get("type") != "request":
        return None
    status = _status(logged.get("status"))
    if status is None:
        return None
    caller_id = _text(logged.get("caller"))
    return LoggedRequest(
        at=_time(logged.get("at"), line.at),
        caller=callers.get(caller_id, caller_id),
        caller_id=caller_id,
        method=_text(logged.get("method")),
        path=_text(logged.get("path")),
        status=status,
        upstream_status=_status(logged.get("upstream_status")),
        upstream_ms=_ms(logged.get("upstream_ms")),
        total_ms=_ms(logged.get("total_ms")),
        egress_ip=_address(logged.get("egress_ip")),
        key_version=_text(logged.get("key_version")) or None,
        cached=logged.get("cached") is True,
        request_id=_text(logged.get("request_id")),
        code=_text(logged.get("code")),
    )


def _search(query: RequestQuery, callers: Names) -> Search:
    conditions = ['$.type = "request"', *_status_conditions(query.status)]
    if query.caller:
        ids = [caller_id for caller_id, name in callers.items() if name == query.caller]
        try:
            conditions.append(one_of("caller", ids[:KEYS_MAX] or [query.caller]))
        except ValueError:
            detail = "A caller is a name, the id of an API key or an ARN."
            raise Invalid(detail, field="caller") from None
    return Search(
        since=query.span.since,
        until=query.span.until,
        pattern=all_of(conditions),
        before=query.before,
        lines=min(query.limit, REQUESTS_MAX),
    )


def _status_conditions(text: str) -> list[str]:
    if not text:
        return []
    found = STATUS.fullmatch(text)
    if found is None:
        raise Invalid("A status is a number such as 403, or 2xx, 4xx or 5xx.", field="status")
    if found[2]:
        return [f"$.status = {found[2]}"]
    return [f"$.status >= {found[1]}00", f"$.status < {int(found[1]) + 1}00"]


def _text(value: Any) -> str:
    return text_of(value)[:TEXT_MAX_CHARS] if isinstance(value, str) else ""


def _status(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 100 <= value < 600 else None


def _ms(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MS_MAX else None


def _address(value: Any) -> str | None:
    try:
        return str(ipaddress.ip_address(_text(value)))
    except ValueError:
        return None


def _time(value: Any, logged_at: datetime) -> datetime:
    """When the call began, unless that cannot be, as the line was written at its end."""
    try:
        at = datetime.fromisoformat(_text(value))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC) if abs(logged_at - at) < CALL_MAX else logged_at
    except (ValueError, OverflowError):
        return logged_at
