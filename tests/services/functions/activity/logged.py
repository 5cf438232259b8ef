"""Lines in a function's log, in the embedded CloudWatch, as its handler would have written them."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.sandbox.lab import unique
from tests.services.scripted import ScriptedAws
from webapp.aws.clients import Clients

REGION = "eu-central-1"
NOW_MS = int(time.time() * 1000)
ID = "8f507cfc-aaaa-bbbb"
LINES = [
    f"START RequestId: {ID} Version: 3",
    "[ERROR] KeyError: '<b>\x07\u202e'\nTraceback (most recent call last):\n  File \"x\"",
    f"REPORT RequestId: {ID}\tDuration: 1.00 ms",
]


@contextmanager
def a_log(clients: Clients, lines: Iterable[tuple[int, str]] = ()) -> Iterator[str]:
    """The name in Lambda of a function whose log has these lines, each with its age in ms."""
    name = unique("logged")
    clients.logs(REGION).create_log_group(logGroupName=f"/aws/lambda/{name}")
    clients.logs(REGION).create_log_stream(logGroupName=f"/aws/lambda/{name}", logStreamName="s")
    write(clients, name, lines)
    yield name
    clients.logs(REGION).delete_log_group(logGroupName=f"/aws/lambda/{name}")


def write(clients: Clients, name: str, lines: Iterable[tuple[int, str]]) -> None:
    """Each with its age in ms."""
    events: Any = [{"timestamp": NOW_MS - age_ms, "message": text} for age_ms, text in lines]
    if events:
        events.sort(key=lambda event: event["timestamp"])
        group = f"/aws/lambda/{name}"
        clients.logs(REGION).put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def request_line(**own: Any) -> str:
    usual = {
        "type": "request",
        "caller": "key1",
        "method": "GET",
        "path": "/",
        "status": 200,
        "upstream_status": 200,
        "upstream_ms": 80,
        "total_ms": 95.5,
        "egress_ip": "203.0.113.7",
        "key_version": "v1",
        "cached": False,
        "request_id": "8f507cfc",
        "code": "",
    }
    return json.dumps(usual | own)


def log_of(aws: ScriptedAws, *messages: str) -> None:
    """By a script instead of the embedded CloudWatch. The last one is the newest."""
    events = [
        {"timestamp": NOW_MS - 1000 + n, "message": text, "eventId": f"{n}"}
        for n, text in enumerate(messages)
    ]
    aws.answers["FilterLogEvents"] = lambda asked: {
        "events": [
            event
            for event in events
            if asked["startTime"] <= event["timestamp"] <= asked.get("endTime", 2 * NOW_MS)
        ]
    }
