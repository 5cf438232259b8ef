"""Calls: run a function, read its log."""

import json
from io import BytesIO
from typing import Any

import pytest

from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws
from webapp.errors import Conflict
from webapp.models import Status
from webapp.services import functions
from webapp.services.scope import CloudScope

URL = "https://api.example/prod/"
OUTPUTS = {"FunctionName": "egret-function-fun", "EndpointUrl": URL}


def test_what_the_function_returned_is_given_and_not_cached(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_function(scripted.session, outputs=OUTPUTS)
    answer = {"statusCode": 200, "headers": {"X-Egress-Ip": "203.0.113.7"}, "body": "{}"}
    aws.answers["Invoke"] = {"Payload": BytesIO(json.dumps(answer).encode())}
    found = functions.invoke(scripted.session, scripted.cloud, "fun")
    assert (found.status, found.body) == (200, b"{}")
    assert functions.detail(scripted.session, "fun").snapshot is None


def test_the_log_is_read_by_the_functions_name_in_lambda(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_function(scripted.session, outputs=OUTPUTS)
    started = {"timestamp": 1, "message": "START\n"}
    aws.answers["FilterLogEvents"] = lambda asked: {
        "events": [] if "endTime" in asked else [started]
    }
    (line,) = functions.logs(scripted.session, scripted.cloud, "fun").lines
    assert line.message == "START"
    request = aws.calls("FilterLogEvents")[-1]
    assert request["logGroupName"] == "/aws/lambda/egret-function-fun"


@pytest.mark.parametrize("ask", [functions.invoke, functions.logs])
def test_a_function_that_does_not_exist_yet_is_not_called(offline: CloudScope, ask: Any) -> None:
    add_function(offline.session, status=Status.CREATING)
    with pytest.raises(Conflict) as refused:
        ask(offline.session, offline.cloud, "fun")
    assert refused.value.code == "function_not_ready"
