"""The test console: run a function once with an event or a request, and see what Lambda reports."""

import json
from typing import Any

from webapp.aws.invocations import Run
from webapp.errors import Invalid
from webapp.models import Function, NewInvocation, utc_now
from webapp.scope import CloudScope
from webapp.services.functions.activity.console.proxy_events import proxy_event
from webapp.services.functions.details import get, network_of
from webapp.services.functions.previews import lambda_name

EVENT_MAX_BYTES = 256 * 1024
DEPTH_MAX = 100
"""Of an event's objects and lists in each other; JSON of any depth cannot be kept and shown."""
DETAIL_MAX_CHARS = 200
NOTHING = NewInvocation()


def run(scope: CloudScope, name: str, invocation: NewInvocation = NOTHING) -> Run:
    """Run it now; nothing is cached. Who did so is recorded, without what was sent.

    It is never repeated, not even after an error of AWS, since the function may have called the
    partner. Raises Invalid, Conflict before the function is ready, or AWS's error.
    """
    function = get(scope.session, name)
    region, lambda_function = network_of(scope.session, function).region, lambda_name(function)
    event = event_of(function, invocation)
    scope.record("run", function, _summary(invocation))
    cloud = scope.cloud_of(function)
    scope.session.commit()
    return cloud.functions.run(region, lambda_function, event)


def event_of(function: Function, invocation: NewInvocation) -> dict[str, Any]:
    """What the function is given. Raises Invalid."""
    if invocation.event is not None and invocation.request is not None:
        raise Invalid("Send an event or a request, not both.", field="event")
    event = invocation.event or {}
    if invocation.request is not None:
        event = proxy_event(function, invocation.request, at=utc_now())
    field = "event" if invocation.request is None else "body"
    if _is_deeper(event, DEPTH_MAX):
        raise Invalid(
            f"The event is nested too deeply: the maximum is {DEPTH_MAX} levels.", field=field
        )
    try:
        json.dumps(event, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        detail = "The event has NaN, Infinity or half a character (\\ud800), which Lambda refuses."
        raise Invalid(detail, field=field) from error
    if len(json.dumps(event).encode()) > EVENT_MAX_BYTES:
        detail = f"The event is larger than {EVENT_MAX_BYTES // 1024} KiB."
        raise Invalid(detail, field=field, code="event_too_large")
    return event


def _summary(invocation: NewInvocation) -> str:
    if invocation.request is not None:
        return f"{invocation.request.method} {invocation.request.path}"[:DETAIL_MAX_CHARS]
    return "with an event" if invocation.event else ""


def _is_deeper(value: Any, depth: int) -> bool:
    level: list[Any] = [value]
    while level and depth:
        inside = [[*part.values()] if isinstance(part, dict) else part for part in level]
        level = [each for part in inside for each in part if isinstance(each, dict | list)]
        depth -= 1
    return bool(level)
