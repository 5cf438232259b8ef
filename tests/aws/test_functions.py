"""A function's answer, its errors and its log, from what Lambda and CloudWatch answer."""

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.functions import LOG_PAGES_MAX, Functions, Invocation, LogLine, ProbeResult

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
    assert probed(offline, payload, error) == ProbeResult({}, "request-1", said)


def test_a_probe_tells_what_it_saw(offline: Clients) -> None:
    found = probed(offline, {"ip": "203.0.113.7"})
    assert found == ProbeResult({"ip": "203.0.113.7"}, "request-1")


def test_the_log_is_lines_without_their_ends(offline: Clients) -> None:
    events = [{"timestamp": 1, "message": "one\n"}, {"timestamp": 2, "message": "two"}]
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_response("filter_log_events", {"events": events})
        found = Functions(offline).logs(REGION, NAME)
    assert found == [LogLine(1, "one"), LogLine(2, "two")]


def test_a_function_that_never_ran_has_no_log(offline: Clients) -> None:
    with Stubber(offline.logs(REGION)) as stub:
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert Functions(offline).logs(REGION, NAME) == []
        stub.add_client_error("filter_log_events", "ResourceNotFoundException")
        assert not Functions(offline).ran_since(REGION, NAME, SINCE)


def pages(*events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As CloudWatch gives them: each page but the last has a token for the next."""
    numbered = [{"events": found, "nextToken": str(n)} for n, found in enumerate(events)]
    return [*numbered[:-1], {"events": events[-1]}]


@pytest.mark.parametrize(
    ("answers", "ran"),
    [
        (pages([]), False),
        (pages([], [{"message": "START RequestId: 1"}]), True),
        (pages([], [], []), False),
        (pages(*[[]] * (LOG_PAGES_MAX + 2))[: LOG_PAGES_MAX + 1], True),
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


def test_an_endpoints_api_key_is_read_with_its_value(offline: Clients) -> None:
    with Stubber(offline.apigateway(REGION)) as stub:
        asked = {"apiKey": "key-1", "includeValue": True}
        stub.add_response("get_api_key", {"value": "s3cret"}, asked)
        assert Functions(offline).api_key(REGION, "key-1") == "s3cret"
