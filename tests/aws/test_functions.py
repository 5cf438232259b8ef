"""A function's answer and its errors, from what Lambda answers."""

import base64
import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError, NotReached, QuotaExceeded
from webapp.aws.functions import Functions
from webapp.aws.invocations import Invocation, ProbeResult, Run

REGION, NAME = "eu-central-1", "egret-shop"


def lambda_answer(payload: object, error: str = "", log: str = "") -> dict[str, Any]:
    body = json.dumps(payload).encode()
    answer: dict[str, Any] = {"Payload": StreamingBody(io.BytesIO(body), len(body))}
    answer["ResponseMetadata"] = {"RequestId": "request-1"}
    answer |= {"LogResult": base64.b64encode(log.encode()).decode()} if log else {}
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


def ran(clients: Clients, payload: object, error: str = "", log: str = "") -> Run:
    with Stubber(clients.awslambda(REGION)) as stub:
        how = {"LogType": "Tail", "Qualifier": "live"}
        asked = {"FunctionName": NAME, "Payload": b'{"a": 1}'} | how
        stub.add_response("invoke", lambda_answer(payload, error, log), asked)
        return Functions(clients).run(REGION, NAME, {"a": 1})


def test_a_run_has_what_lambda_measured_and_the_end_of_the_log(offline: Clients) -> None:
    report = "REPORT RequestId: 1-2\tDuration: 2.50 ms\tInit Duration: 9.00 ms\t\n"
    log = f"START RequestId: 1-2\nhi\x00\n{report}"
    found = ran(offline, {"statusCode": 204}, log=log)
    assert (found.invocation, found.request_id) == (Invocation(204), "1-2")
    assert (found.report.duration_ms, found.report.init_ms) == (2.5, 9.0)
    assert found.tail == log.replace("\x00", "?")
    assert found.returned == ""
    assert ran(offline, {"ip": "203.0.113.7"}).returned == '{"ip": "203.0.113.7"}'


def test_a_run_that_raised_has_the_lines_of_its_traceback(offline: Clients) -> None:
    raised = {"errorType": "KeyError", "errorMessage": "'x'", "stackTrace": ["  File a\n    b\n"]}
    found = ran(offline, raised, "Unhandled")
    assert found.invocation.error == "KeyError: 'x'"
    assert found.stack_trace == ["  File a", "    b"]
    assert found.request_id == "request-1"


@pytest.mark.parametrize("odd", [None, [], "text", {"stackTrace": 7}, {"stackTrace": [None]}])
def test_anything_that_a_failed_run_returns_can_be_shown(offline: Clients, odd: object) -> None:
    assert ran(offline, odd, "Unhandled").invocation.status == 502


def test_a_function_from_before_there_were_versions_is_run_as_it_is(offline: Clients) -> None:
    lambdas = offline.awslambda_without_retries(REGION)
    asked: Any = {"FunctionName": NAME, "Payload": b"{}"}
    with Stubber(lambdas) as stub:
        stub.add_client_error(
            "invoke", "ResourceNotFoundException", expected_params=asked | {"Qualifier": "live"}
        )
        stub.add_response("invoke", lambda_answer({"body": "old"}), asked)
        assert Functions(offline).invoke(REGION, NAME).body == b"old"
        for _ in range(2):
            stub.add_client_error("invoke", "ResourceNotFoundException")
        with pytest.raises(AwsError):
            Functions(offline).invoke(REGION, NAME)


def test_a_probe_tells_what_it_saw(offline: Clients) -> None:
    found = probed(offline, {"ip": "203.0.113.7", "echo": "echo.example"})
    assert found == ProbeResult("203.0.113.7", "echo.example", "request-1")
    odd = probed(offline, {"ip": ["203.0.113.7"], "echo": None})
    assert (odd.ip, odd.echo) == ("['203.0.113.7']", "None")


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
