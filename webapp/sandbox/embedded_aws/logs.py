"""CloudWatch Logs: searched by patterns as AWS understands them, in pages, and events with numbers.

ministack takes every pattern in braces for one that matches all, compares terms in any case, and
answers what is over a page's limit not at all. Its events of functions have no ids.
"""

import base64
import heapq
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

from webapp.sandbox.embedded_aws.filter_patterns import InvalidPattern, Matches, compiled

Event = dict[str, Any]
Params = dict[str, Any]

PAGE_MAX = 10_000
SEARCHED_MAX = 50_000
"""CloudWatch ends a page also when it has searched for long: then with few events, or none."""
ID_DIGITS = 56
TIME_DIGITS = 20
FIELDS = ("timestamp", "message", "ingestionTime")


def install() -> None:
    _number_events()
    cloudwatch_logs._filter_log_events = filter_log_events


def _number_events() -> None:
    """In the order in which they arrive; after a restart they go on."""
    append, numbers = cloudwatch_logs._append_log_events, itertools.count(time.time_ns())

    def numbered(stream: dict[str, Any], events: list[Event]) -> None:
        for event in events:
            event["number"] = next(numbers)
        append(stream, events)

    cloudwatch_logs._append_log_events = numbered


def filter_log_events(params: Params) -> Any:
    group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(params))
    if group is None:
        return _error("ResourceNotFoundException", "The specified log group does not exist.")
    try:
        matches = compiled(params.get("filterPattern") or "")
    except InvalidPattern as fault:
        return _error("InvalidParameterException", f"Invalid filter pattern: {fault}")
    limit, skipped = params.get("limit") or PAGE_MAX, _read_token(params.get("nextToken"))
    if not 1 <= limit <= PAGE_MAX or skipped is None:
        return _error("InvalidParameterException", "The limit or the nextToken is not valid.")
    with cloudwatch_logs._log_events_lock:
        ordered = [*heapq.merge(*_streams(group, params), key=lambda event: event["order"])]
    page, searched = _page(ordered[skipped:], matches, limit)
    following = skipped + searched
    token = {"nextToken": _token(following)} if following < len(ordered) else {}
    return json_response({"events": page, "searchedLogStreams": []} | token)


def _streams(group: dict[str, Any], params: Params) -> Iterator[list[Event]]:
    """The events of each stream in the span; the time at its end is part of it."""
    start, end = params.get("startTime", 0), params.get("endTime")
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix", "")
    for name, stream in group["streams"].items():
        if name.startswith(prefix) and (not names or name in names):
            yield [
                {field: event[field] for field in FIELDS}
                | {"logStreamName": name, "order": (event["timestamp"], event.get("number", 0))}
                for event in stream["events"]
                if start <= event["timestamp"] and (end is None or event["timestamp"] <= end)
            ]


def _page(events: list[Event], matches: Matches, limit: int) -> tuple[list[Event], int]:
    """What matches, and how many were searched for it."""
    found: list[Event] = []
    for searched, event in enumerate(events[:SEARCHED_MAX], 1):
        if matches(event["message"]):
            at_ms, number = event.pop("order")
            event["eventId"] = f"{at_ms:0{TIME_DIGITS}}{number:0{ID_DIGITS - TIME_DIGITS}}"
            found.append(event)
            if len(found) == limit:
                return found, searched
    return found, min(len(events), SEARCHED_MAX)


def _token(position: int) -> str:
    return base64.b64encode(json.dumps(position).encode()).decode()


def _read_token(token: str | None) -> int | None:
    try:
        return int(base64.b64decode(token)) if token else 0
    except ValueError:
        return None


def _error(code: str, message: str) -> Any:
    return error_response_json(code, message, 400)
