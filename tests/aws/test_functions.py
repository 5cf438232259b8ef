"""A function's answer, its errors and its log, from what Lambda and CloudWatch answer."""

import base64
import io
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError, NotReached, QuotaExceeded
from webapp.aws.functions import (
    IDLE_PAGES_MAX,
    Functions,
    Log,
    LogLine,
)
from webapp.aws.invocations import Invocation, ProbeResult
from webapp.aws.newest_lines import LINES_MAX

REGION, NAME = "eu-central-1", "egret-shop"
SINCE = datetime(2026, 11, 25, 12, tzinfo=UTC)


def lambda_answer(payload: object, error: str = "") -> dict[str, Any]:
    body = json.dumps(payload).encode()
    answer: dict[str, Any] = {"Payload": StreamingBody(io.BytesIO(body), len(body))}
    answer["ResponseMetadata"] = {"RequestId": "request-1"}
    return answer | ({"FunctionError": error} if error else {})


def invoked(clients: Clients, payload: object, error: str = "") -> Invocation:
    with Stubber(clients.awslambda(REGION)) as stub:
        stub.add_response("invoke", lambda_answer(payload, error))
        return Functions(clients).invoke(REGION, NAME)


def probed(clients: Clients, payload: object, error: str = "") -> ProbeResult:
    with Stubber(clients.awslambda(REGION)) as stub:
        stub.add_response("invoke", lambda_answer(payload, error))
        return Functions(clients).run_probe(REGION, NAME)


def test_an_endpoints_answer_is_the_bytes_that_a_caller_would_get(offline: Clients) -> None:
    picture = b"\x89PNG"
    payload = {
        "statusCode": 203,
        "headers": {"Content-Type": "image/png"},
        "body": base64.b64encode(picture).decode(),
        "isBase64Encoded": True,
    }
    headers = {"content-type": "image/png"}
    assert invoked(offline, payload) == Invocation(203, headers, picture)
    assert invoked(offline, {"body": "plain"}) == Invocation(200, {}, b"plain")


@pytest.mark.parametrize(
    ("payload", "error", "said"),
    [
        ({"errorType": "KeyError", "errorMessage": "'x'"}, "Unhandled", "KeyError: 'x'"),
        ("a text", "", "The function did not return a JSON object."),
        (None, "", "The function did not return a JSON object."),
    ],
)
def test_a_function_that_raises_or_returns_no_object_is_an_error_of_its_own(
    offline: Clients, payload: object, error: str, said: str
) -> None:
    assert invoked(offline, payload, error) == Invocation(502, error=said)
    assert probed(offline, payload, error) == ProbeResult(None, "", "request-1", said)


def test_a_probe_tells_what_it_saw(offline: Clients) -> None:
    found = probed(offline, {"ip": "203.0.113.7", "echo": "echo.example"})
    assert found == ProbeResult("203.0.113.7", "echo.example", "request-1")
    odd = probed(offline, {"ip": ["203.0.113.7"], "echo": None})
    assert (odd.ip, odd.echo) == ("['203.0.113.7']", "None")


def pages(*events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As CloudWatch gives them: each page but the last has a token for the next."""
    numbered = [{"events": found, "nextToken": str(n)} for n, found in enumerate(events)]
    return [*numbered[:-1], {"events": events[-1]}]


def lines(first: int, last: int) -> list[dict[str, Any]]:
    return [{"timestamp": n, "message": f"{n}\n"} for n in range(first, last + 1)]


def test_the_log_is_the_newest_lines_without_their_ends(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_response("filter_log_events", {"events": lines(1, 350)})
        log = Functions(offline).logs(REGION, NAME)
    assert log.complete
    assert len(log.lines) == LINES_MAX
    assert (log.lines[0], log.lines[-1]) == (LogLine(151, "151"), LogLine(350, "350"))


def test_a_quiet_functions_log_is_searched_further_back_without_doubling_lines(
    offline: Clients,
) -> None:
    asked: list[dict[str, Any]] = []
    offline.logs(REGION).meta.events.register(
        "provide-client-params.cloudwatch-logs.FilterLogEvents",
        lambda params, **_: asked.append(dict(params)),
    )
    with Stubber(offline.logs(REGION)) as stub:
        for _ in range(20):
            stub.add_response("filter_log_events", {"events": []})
        assert Functions(offline).logs(REGION, NAME) == Log([], complete=True)
    assert "endTime" not in asked[0]
    for newer, older in pairwise(asked):
        assert older["endTime"] == newer["startTime"] - 1


def test_a_function_that_never_ran_has_no_log(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert Functions(offline).logs(REGION, NAME) == Log([], complete=True)
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert not Functions(offline).ran_since(REGION, NAME, SINCE)


@pytest.mark.parametrize(
    ("answers", "ran"),
    [
        (pages([]), False),
        (pages([], [{"message": "START RequestId: 1"}]), True),
        (pages(*[[]] * 40), False),
        (pages(*[[]] * (IDLE_PAGES_MAX + 2))[:IDLE_PAGES_MAX], True),
    ],
)
def test_whether_a_function_ran_is_read_from_its_log(
    offline: Clients, answers: list[dict[str, Any]], ran: bool
) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        for answer in answers:
            stub.add_response("filter_log_events", answer)
        assert Functions(offline).ran_since(REGION, NAME, SINCE) is ran
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("reason", "kind", "remedy"),
    [
        ("ConcurrentInvocationLimitExceeded", QuotaExceeded, "lambda/quotas/L-B99A9384"),
        ("", QuotaExceeded, "lambda/quotas/L-B99A9384"),
        ("ReservedFunctionConcurrentInvocationLimitExceeded", QuotaExceeded, "reserved"),
        ("FunctionInvocationRateLimitExceeded", NotReached, "in a minute"),
        ("CallerRateLimitExceeded", NotReached, "in a minute"),
    ],
)
def test_a_limit_of_running_functions_is_named_with_its_quota(
    offline: Clients, reason: str, kind: type[AwsError], remedy: str
) -> None:
    with Stubber(offline.awslambda(REGION)) as stub:
        stub.add_client_error(
            "invoke",
            "TooManyRequestsException",
            "Rate Exceeded.",
            429,
            modeled_fields={"Reason": reason} if reason else {},
        )
        with pytest.raises(AwsError) as refused:
            Functions(offline).invoke(REGION, NAME)
    assert type(refused.value) is kind
    assert remedy in refused.value.remedy
