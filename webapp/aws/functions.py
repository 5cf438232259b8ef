"""What is done with a deployed function: run it, read its log."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.answers.quota_kinds import QuotaKind
from webapp.aws.clients import Clients
from webapp.aws.errors import (
    LATER,
    AwsError,
    NotReached,
    QuotaExceeded,
    aws_errors,
    code_of,
)
from webapp.aws.invocations import Invocation, ProbeResult, invocation_of, payload_of, text_of
from webapp.aws.newest_lines import newest

IDLE_PAGES_MAX = 300
CONCURRENCY = QuotaKind("concurrent executions", "L-B99A9384", "lambda")
INVOCATION_STARTS = '"START RequestId"'
"""A filter pattern for the line that Lambda logs at the start of each invocation."""
LIVE = "live"
"""The alias that callers of the endpoint reach a function by (function.yaml)."""


@dataclass(frozen=True)
class LogLine:
    """`at_ms` is milliseconds since 1970."""

    at_ms: int
    message: str


@dataclass(frozen=True)
class Log:
    """Oldest line first. Not `complete`: the search took too long, so there may be others."""

    lines: list[LogLine]
    complete: bool


class _NoLog(Exception):
    """The function has no log group: it never ran, or is gone."""


class Functions:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def invoke(self, region: str, name: str, event: dict[str, Any] | None = None) -> Invocation:
        """Run a function that answers an endpoint, as its callers do, and wait for its response."""
        payload, _, error = self._run(region, name, event, Qualifier=LIVE)
        return Invocation(status=502, error=error) if error else invocation_of(payload)

    def run_probe(self, region: str, name: str) -> ProbeResult:
        """Run a network's probe, and wait for what it saw."""
        payload, request_id, error = self._run(region, name)
        ip = payload.get("ip")
        seen = text_of(ip) if ip else None
        return ProbeResult(seen, text_of(payload.get("echo", "")), request_id, error)

    def logs(self, region: str, name: str) -> Log:
        """The newest lines of the function's log; none when it never ran."""
        found: list[Any] = []
        is_complete = True
        with suppress(_NoLog):
            pages = partial(self._log_pages, region, name)
            found, is_complete = newest(pages, datetime.now(UTC))
        lines = [LogLine(e["timestamp"], text_of(e["message"]).rstrip()) for e in found]
        return Log(lines, is_complete)

    def ran_since(self, region: str, name: str, since: datetime) -> bool:
        """Whether the function was invoked after `since`, by its log.

        Empty pages say nothing: CloudWatch gives them while it searches. After IDLE_PAGES_MAX of
        them the answer is True, so that a network is not parked on a guess.
        """
        pages = self._log_pages(region, name, since, pattern=INVOCATION_STARTS)
        with suppress(_NoLog):
            return any(
                page["events"] or number >= IDLE_PAGES_MAX for number, page in enumerate(pages, 1)
            )
        return False

    def _log_pages(
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

    def _run(
        self, region: str, name: str, event: dict[str, Any] | None = None, **version: Any
    ) -> tuple[dict[str, Any], str, str]:
        """What the function returned, the id of the request, and the error or ''."""
        with aws_errors(f"running the function {name}", region):
            client = self._clients.awslambda_without_retries(region)
            try:
                payload = json.dumps(event or {}).encode()
                answer = client.invoke(FunctionName=name, Payload=payload, **version)
            except client.exceptions.TooManyRequestsException as limit:
                raise _too_many(limit, name, region) from limit
            raw = answer["Payload"].read()
        returned, error = payload_of(raw, raised=bool(answer.get("FunctionError")))
        return returned, answer["ResponseMetadata"].get("RequestId", ""), error


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _too_many(error: ClientError, name: str, region: str) -> AwsError:
    """Which of Lambda's limits for running functions was reached, by the reason that it gives."""
    reason = str(error.response.get("Reason", ""))
    said = f"While running the function {name} in {region}, AWS answered {code_of(error)}: "
    if "Rate" in reason:
        return NotReached(f"{said}too many calls in this second.", remedy=LATER)
    if reason.startswith("Reserved"):
        return QuotaExceeded(
            f"{said}as many of its calls run at once as it has reserved concurrency.",
            remedy=f"Try again in a minute, or raise the reserved concurrency of {name}.",
        )
    return QuotaExceeded(
        f"{said}all functions of the account together run as often at once as Lambda allows.",
        remedy=f"Try again in a minute. A new account has 10 {CONCURRENCY.what}: request a higher "
        f"quota at {CONCURRENCY.url(region)}.",
    )
