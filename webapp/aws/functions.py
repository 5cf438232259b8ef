"""What is done with a deployed function: run it."""

import base64
import json
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
from webapp.aws.invocations import (
    Invocation,
    ProbeResult,
    Run,
    invocation_of,
    payload_of,
    stack_trace_of,
    text_of,
)
from webapp.aws.reports import report_in

CONCURRENCY = QuotaKind("concurrent executions", "L-B99A9384", "lambda")
LIVE = "live"
"""The alias that callers of the endpoint reach a function by (function.yaml)."""


class Functions:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def invoke(self, region: str, name: str, event: dict[str, Any] | None = None) -> Invocation:
        """Run a function that answers an endpoint, as its callers do, and wait for its response."""
        payload, _, error = self._run(region, name, event, Qualifier=LIVE)
        return Invocation(status=502, error=error) if error else invocation_of(payload)

    def run(self, region: str, name: str, event: dict[str, Any]) -> Run:
        """Run it once with the event, as its callers do; its response, and what Lambda measured."""
        answer, raw = self._invoke(region, name, event, Qualifier=LIVE, LogType="Tail")
        raised = bool(answer.get("FunctionError"))
        payload, error = payload_of(raw, raised=raised)
        tail = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        report = report_in(tail)
        is_response = raised or "statusCode" in payload
        return Run(
            invocation=Invocation(502, error=error) if error else invocation_of(payload),
            request_id=report.request_id or answer["ResponseMetadata"].get("RequestId", ""),
            report=report,
            tail=text_of(tail),
            returned="" if is_response else text_of(raw.decode(errors="replace")),
            stack_trace=stack_trace_of(raw) if raised else [],
        )

    def run_probe(self, region: str, name: str) -> ProbeResult:
        """Run a network's probe, and wait for what it saw."""
        payload, request_id, error = self._run(region, name)
        ip = payload.get("ip")
        seen = text_of(ip) if ip else None
        return ProbeResult(seen, text_of(payload.get("echo", "")), request_id, error)

    def _run(
        self, region: str, name: str, event: dict[str, Any] | None = None, **version: Any
    ) -> tuple[dict[str, Any], str, str]:
        """What the function returned, the id of the request, and the error or ''."""
        answer, raw = self._invoke(region, name, event or {}, **version)
        payload, error = payload_of(raw, raised=bool(answer.get("FunctionError")))
        return payload, answer["ResponseMetadata"].get("RequestId", ""), error

    def _invoke(
        self, region: str, name: str, event: dict[str, Any], **options: Any
    ) -> tuple[Any, bytes]:
        """Lambda's answer, and what the function returned. An error never makes it run twice.

        A function from before there were versions has no alias, and so is run as it is.
        """
        with aws_errors(f"running the function {name}", region):
            client = self._clients.awslambda_without_retries(region)
            try:
                payload = json.dumps(event).encode()
                answer = client.invoke(FunctionName=name, Payload=payload, **options)
            except client.exceptions.TooManyRequestsException as limit:
                raise _too_many(limit, name, region) from limit
            except client.exceptions.ResourceNotFoundException:
                if options.pop("Qualifier", None) is None:
                    raise
                return self._invoke(region, name, event, **options)
            return answer, answer["Payload"].read()


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
