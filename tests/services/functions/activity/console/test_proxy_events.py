"""The event of a request, as API Gateway makes it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from webapp.errors import Invalid
from webapp.models import Function, TriedRequest
from webapp.services.functions.activity.console.proxy_events import proxy_event

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FUNCTION = Function(
    name="fun",
    template="t",
    network_id="n",
    key_id="k",
    stage="live",
    path="clans/top",
    outputs={
        "EndpointUrl": "https://abc.execute-api.eu-central-1.amazonaws.com/live/",
        "RestApiId": "abc",
    },
)


def event_of(**request: Any) -> dict[str, Any]:
    return proxy_event(FUNCTION, TriedRequest(**request), at=NOON)


def test_a_request_becomes_the_event_that_a_callers_would_be() -> None:
    event = event_of(
        method="POST",
        path="/top",
        query={"limit": "5", "tag": ["a", "b"]},
        headers={"accept": "application/json"},
        body="{}",
    )
    assert (event["httpMethod"], event["path"], event["body"]) == ("POST", "/top", "{}")
    assert event["queryStringParameters"] == {"limit": "5", "tag": "b"}
    assert event["multiValueQueryStringParameters"] == {"limit": ["5"], "tag": ["a", "b"]}
    assert "Accept" not in event["headers"]
    assert event["multiValueHeaders"]["accept"] == ["application/json"]
    context = event["requestContext"]
    assert (context["path"], context["stage"], context["apiId"]) == ("/live/top", "live", "abc")
    assert context["requestTime"] == "25/Nov/2026:12:00:00 +0000"
    assert (context["identity"]["apiKeyId"], context["identity"]["userArn"]) == (None, "egret")
    assert json.loads(json.dumps(event)) == event


def test_what_a_request_does_not_have_is_null_as_in_api_gateway() -> None:
    event = event_of()
    assert (event["path"], event["resource"]) == ("/clans/top", "/clans/top")
    assert event["headers"]["Host"] == "abc.execute-api.eu-central-1.amazonaws.com"
    names = ("queryStringParameters", "multiValueQueryStringParameters", "body", "pathParameters")
    assert [event[name] for name in names] == [None] * 4


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"method": "TRACE"}, "method"),
        ({"path": "top"}, "path"),
        ({"path": "/a?b=c"}, "path"),
        ({"headers": {"a b": "c"}}, "headers"),
        ({"headers": {"a": "b\r\nc: d"}}, "headers"),
        ({"headers": {f"h{n}": "" for n in range(51)}}, "headers"),
        ({"query": {f"q{n}": "" for n in range(51)}}, "query"),
    ],
)
def test_a_bad_request_is_refused_at_its_field(request_: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        event_of(**request_)
    assert field in refused.value.errors
