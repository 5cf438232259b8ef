"""What calls leave in a function's log, and in the tail that Invoke answers."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.conftest import REGION
from tests.sandbox.inside import ANY_CODE, Inside
from tests.sandbox.lab import Lab, function, role, unique
from webapp.aws.clients import Clients

WRITES = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
}
REPORT = (
    r"REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
    r"Memory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\t"
)
INITIALIZED = r"Init Duration: \d+\.\d\d ms\t"


@pytest.fixture(scope="module")
def name(clients: Clients) -> Iterator[str]:
    """A function that runs what it is told, and may write its log."""
    lab, own = Lab(clients, REGION), {"Role": role([WRITES]), "Function": function(code=ANY_CODE)}
    own["Function"]["Properties"] |= {"FunctionName": unique("logging"), "Timeout": 1}
    stack = lab.deployed(own, {"Name": {"Ref": "Function"}})
    yield stack.outputs["Name"]
    lab.clean_up()


def tail_of(clients: Clients, name: str, code: str) -> list[str]:
    payload = json.dumps({"code": code})
    answer = clients.awslambda(REGION).invoke(FunctionName=name, LogType="Tail", Payload=payload)
    return base64.b64decode(answer["LogResult"]).decode().splitlines()


def logged(clients: Clients, name: str) -> list[Any]:
    answer = clients.logs(REGION).filter_log_events(logGroupName=f"/aws/lambda/{name}")
    return answer["events"]


def test_a_call_is_logged_as_lambda_logs_it(clients: Clients, name: str) -> None:
    first = tail_of(clients, name, "print('hello\\nworld')")
    assert first[0].startswith("START RequestId: ")
    assert first[1:3] == ["hello", "world"]
    assert first[3].startswith("END RequestId: ")
    assert re.fullmatch(REPORT + INITIALIZED, first[4])
    assert re.fullmatch(REPORT, tail_of(clients, name, "print('again')")[3])
    events = logged(clients, name)
    assert [event["message"].split()[0] for event in events] == [
        "INIT_START",
        *("START", "hello", "world", "END", "REPORT"),
        *("START", "again", "END", "REPORT"),
    ]
    (stream,) = {event["logStreamName"] for event in events}
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)


def test_a_traceback_is_one_event_of_several_lines(clients: Clients, name: str) -> None:
    tail_of(clients, name, "1 / 0")
    (told,) = [e["message"] for e in logged(clients, name) if "ZeroDivision" in e["message"]]
    assert told.startswith("[ERROR] ZeroDivisionError: division by zero\nTraceback (most recent")
    assert '\n  File "' in told


def test_a_call_that_takes_too_long_says_so(clients: Clients, name: str) -> None:
    *_, told, _, report = tail_of(clients, name, "import time; time.sleep(9)")
    assert told.endswith("Task timed out after 1.00 seconds")
    assert report.endswith("\tStatus: timeout\t")


def test_what_a_role_may_not_write_is_in_no_log(inside: Inside) -> None:
    clients, name = inside.lab.clients, inside.arn.rpartition(":")[2]
    assert "hello" in tail_of(clients, name, "print('hello')")
    logs = clients.logs(REGION)
    found = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert found == []
