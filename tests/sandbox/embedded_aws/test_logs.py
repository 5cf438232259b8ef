"""CloudWatch Logs in the sandbox: searched by patterns, in pages, oldest event first."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conftest import REGION
from tests.sandbox.lab import unique
from webapp.aws.clients import Clients

NOW_MS = int(time.time() * 1000)


@pytest.fixture(scope="module")
def log_group(clients: Clients) -> Iterator[str]:
    """Two streams with three events each, in turn."""
    name, logs = unique("/egret/tests"), clients.logs(REGION)
    logs.create_log_group(logGroupName=name)
    for number, stream in enumerate(("a", "b")):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events: Any = [
            {"timestamp": NOW_MS + 10 * at + number, "message": f'{{"n": {2 * at + number}}}'}
            for at in range(3)
        ]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    yield name
    logs.delete_log_group(logGroupName=name)


def test_events_of_all_streams_are_found_by_a_pattern_in_their_order(
    clients: Clients, log_group: str
) -> None:
    def found(pattern: str, **asked: Any) -> list[str]:
        answer = clients.logs(REGION).filter_log_events(
            logGroupName=log_group, filterPattern=pattern, **asked
        )
        return [event["message"] for event in answer["events"]]

    assert found("{ $.n >= 4 }") == ['{"n": 4}', '{"n": 5}']
    assert found('"\\"n\\": 1"') == ['{"n": 1}']
    span = {"startTime": NOW_MS + 1, "endTime": NOW_MS + 10}
    assert found("", **span) == ['{"n": 1}', '{"n": 2}']
    assert found("", logStreamNames=["b"]) == ['{"n": 1}', '{"n": 3}', '{"n": 5}']


def test_what_does_not_fit_into_a_page_is_on_the_next_one(clients: Clients, log_group: str) -> None:
    pages = clients.logs(REGION).get_paginator("filter_log_events")
    asked: Any = {"logGroupName": log_group, "limit": 4}
    found = [page["events"] for page in pages.paginate(**asked)]
    assert [len(events) for events in found] == [4, 2]
    ids = [event["eventId"] for events in found for event in events]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"filterPattern": "{ $.n = "}, "InvalidParameterException"),
        ({"nextToken": "nonsense"}, "InvalidParameterException"),
        ({"logGroupName": "/nothing"}, "ResourceNotFoundException"),
    ],
)
def test_what_cannot_be_searched_is_an_error_of_aws(
    clients: Clients, log_group: str, asked: Any, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        clients.logs(REGION).filter_log_events(**{"logGroupName": log_group} | asked)
    assert refused.value.response["Error"]["Code"] == code
