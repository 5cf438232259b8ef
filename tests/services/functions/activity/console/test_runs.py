"""Running a function by the console: once, recorded, within its limits."""

import base64
import json
from io import BytesIO
from typing import Any

import pytest

from tests.services.rows import add_function
from tests.services.scripted import INCONCLUSIVE, ScriptedAws
from webapp.errors import Conflict, EgretError, Invalid
from webapp.models import NewInvocation, Status, TriedRequest
from webapp.scope import CloudScope
from webapp.services import functions
from webapp.services.audit import list_after
from webapp.services.functions.activity.console import runs
from webapp.services.functions.activity.console.runs import DEPTH_MAX, EVENT_MAX_BYTES

OUTPUTS = {"FunctionName": "egret-function-fun", "EndpointUrl": "https://api.example/prod/"}
REQUEST = TriedRequest(method="POST", path="/pay", query={"token": "s3cret"}, body="s3cret")


def nested(depth: int) -> dict[str, Any]:
    event: Any = {}
    for _ in range(depth - 1):
        event = {"a": event}
    return dict(event)


def answer(payload: object, log: str = "") -> dict[str, Any]:
    tail = base64.b64encode(log.encode()).decode()
    return {"Payload": BytesIO(json.dumps(payload).encode()), "LogResult": tail}


def test_what_the_function_returned_is_given_and_not_cached(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_function(scripted.session, outputs=OUTPUTS)
    aws.answers["Invoke"] = answer({"statusCode": 200, "body": "{}"}, "REPORT RequestId: 1\t\n")
    ran = runs.run(scripted, "fun")
    assert (ran.invocation.status, ran.invocation.body, ran.request_id) == (200, b"{}", "1")
    assert functions.detail(scripted.session, "fun").snapshot is None
    (call,) = aws.calls("Invoke")
    assert (call["Payload"], call["LogType"]) == (b"{}", "Tail")


def test_who_ran_it_is_recorded_without_what_was_sent(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_function(scripted.session, outputs=OUTPUTS)
    aws.answers["Invoke"] = answer({"statusCode": 200})
    runs.run(scripted, "fun", NewInvocation(request=REQUEST))
    (event,) = list_after(scripted.session, 0, limit=9)
    assert (event.actor, event.action, event.name) == ("tests", "run", "fun")
    assert event.detail == "POST /pay"
    sent = json.loads(aws.calls("Invoke")[0]["Payload"])
    assert sent["queryStringParameters"] == {"token": "s3cret"}


@pytest.mark.parametrize("refused", INCONCLUSIVE)
def test_an_error_of_aws_is_not_followed_by_another_call(
    scripted: CloudScope, aws: ScriptedAws, refused: Any
) -> None:
    add_function(scripted.session, outputs=OUTPUTS)
    aws.answers["Invoke"] = refused
    with pytest.raises(EgretError):
        runs.run(scripted, "fun", NewInvocation(event={"a": 1}))
    assert len(aws.calls("Invoke")) == 1


@pytest.mark.parametrize(
    ("invocation", "field"),
    [
        (NewInvocation(event={}, request=REQUEST), "event"),
        (NewInvocation(event={"a": "x" * EVENT_MAX_BYTES}), "event"),
        (NewInvocation(event=nested(DEPTH_MAX + 1)), "event"),
        (NewInvocation(event=nested(100_000)), "event"),
        (NewInvocation(event={"a": [float("nan")]}), "event"),
        (NewInvocation(event={"a": "\ud800"}), "event"),
        (NewInvocation(event={"\udfff": 1}), "event"),
        (NewInvocation(request=TriedRequest(body="\u00e9" * (EVENT_MAX_BYTES // 4))), "body"),
        (NewInvocation(request=TriedRequest(method="get")), "method"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_its_field(
    offline: CloudScope, invocation: NewInvocation, field: str
) -> None:
    add_function(offline.session, outputs=OUTPUTS)
    with pytest.raises(Invalid) as refused:
        runs.run(offline, "fun", invocation)
    assert field in refused.value.errors
    assert list_after(offline.session, 0, limit=9) == []


def test_a_function_that_does_not_exist_yet_is_not_called(offline: CloudScope) -> None:
    add_function(offline.session, status=Status.CREATING)
    with pytest.raises(Conflict) as refused:
        runs.run(offline, "fun")
    assert refused.value.code == "function_not_ready"
