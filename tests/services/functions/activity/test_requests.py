"""The request log: what handlers write about each call, searched in the embedded CloudWatch."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.partners.json_of_others import JSON
from tests.services.functions.activity.logged import NOW_MS, a_log, request_line
from tests.services.rows import add_function
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.clients import Clients
from webapp.aws.errors import AccessDenied
from webapp.aws.logs import LogLine
from webapp.errors import Conflict, Invalid
from webapp.scope import CloudScope
from webapp.services.functions.activity import requests
from webapp.services.functions.activity.requests import RequestQuery, request_of
from webapp.services.functions.activity.times import Span

CALLERS = {"key1": "bank", "key2": "shop", "key9": "shop"}
ARN = "arn:aws:sts::123456789012:assumed-role/reader/ada"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
LINES = [
    (1 * MINUTE_MS, "START RequestId: 1 Version: 3"),
    (1 * MINUTE_MS, request_line(path="/1")),
    (2 * MINUTE_MS, request_line(path="/2", caller="key2", status=403, upstream_status=403)),
    (3 * MINUTE_MS, request_line(path="/3", caller="key9", status=429)),
    (4 * MINUTE_MS, request_line(path="/4", status=502, upstream_status=None, code="timeout")),
    (5 * MINUTE_MS, request_line(path="/5", caller=ARN)),
    (6 * MINUTE_MS, request_line(path="/6", status="200")),
    (7 * MINUTE_MS, '{"type": "other", "status": 200}'),
    (2 * HOUR_MS, request_line(path="/8", caller="egret")),
]


@pytest.fixture(scope="module")
def name(clients: Clients) -> Iterator[str]:
    with a_log(clients, LINES) as made:
        yield made


@pytest.fixture
def ask(scope: CloudScope, name: str) -> Any:
    add_function(scope.session, outputs={"FunctionName": name})

    def ask(**query: Any) -> requests.RequestLog:
        return requests.read(scope, "fun", RequestQuery(**query), CALLERS)

    return ask


def paths(log: requests.RequestLog) -> list[str]:
    return [request.path for request in log.requests]


def test_calls_are_listed_newest_first_with_their_callers_names(ask: Any) -> None:
    log = ask()
    assert paths(log) == ["/1", "/2", "/3", "/4", "/5", "/8"]
    assert [call.caller for call in log.requests] == ["bank", "shop", "shop", "bank", ARN, "egret"]
    assert (log.unreadable, log.complete, log.older) == (1, True, None)
    first = log.requests[0]
    assert first.at == datetime.fromtimestamp((NOW_MS - MINUTE_MS) / 1000, UTC)
    assert (first.status, first.upstream_status, first.upstream_ms, first.total_ms) == (
        *(200, 200),
        *(80, 95.5),
    )
    assert (first.egress_ip, first.key_version, first.cached) == ("203.0.113.7", "v1", False)
    assert (first.request_id, log.requests[3].code) == ("8f507cfc", "timeout")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "403"}, ["/2"]),
        ({"status": "4xx"}, ["/2", "/3"]),
        ({"status": "5xx"}, ["/4"]),
        ({"caller": "bank"}, ["/1", "/4"]),
        ({"caller": "key1"}, ["/1", "/4"]),
        ({"caller": "shop"}, ["/2", "/3"]),
        ({"caller": "shop", "status": "403"}, ["/2"]),
        ({"caller": ARN}, ["/5"]),
        ({"caller": "shop", "status": "2xx"}, []),
    ],
)
def test_calls_are_searched_by_caller_and_status(ask: Any, query: Any, found: list[str]) -> None:
    assert paths(ask(**query)) == found


def test_calls_of_a_time_range_are_found(ask: Any) -> None:
    until = datetime.fromtimestamp((NOW_MS - 2 * MINUTE_MS) / 1000, UTC)
    assert paths(ask(span=Span(until - timedelta(minutes=2), until))) == ["/3", "/4"]
    assert paths(ask(span=Span(until=until - timedelta(hours=1)))) == ["/8"]


def test_page_by_page_each_call_is_listed_once(ask: Any) -> None:
    first = ask(limit=4)
    second = ask(limit=4, before=first.older)
    assert paths(first) + paths(second) == ["/1", "/2", "/3", "/4", "/5", "/8"]
    assert second.older is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "teapot"}, "status"),
        ({"status": "600"}, "status"),
        ({"caller": 'x" || $.status = "1'}, "caller"),
        ({"caller": "*"}, "caller"),
    ],
)
def test_a_bad_search_is_refused_at_its_field(ask: Any, query: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(**query)
    assert field in refused.value.errors


def test_a_function_that_does_not_exist_yet_has_no_requests(offline: CloudScope) -> None:
    add_function(offline.session)
    with pytest.raises(Conflict) as refused:
        requests.read(offline, "fun", RequestQuery(), {})
    assert refused.value.code == "function_not_ready"


def test_a_missing_log_group_and_a_missing_permission_are_distinguished(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_function(scripted.session, outputs={"FunctionName": "fun"})
    read = (scripted, "fun", RequestQuery(), CALLERS)
    aws.answers["FilterLogEvents"] = refusal("ResourceNotFoundException")
    assert not requests.read(*read).exists
    aws.answers["FilterLogEvents"] = refusal("AccessDeniedException", status=400)
    with pytest.raises(AccessDenied):
        requests.read(*read)


@given(
    st.dictionaries(
        st.sampled_from([*json.loads(request_line()), "at"]),
        JSON | st.integers() | st.floats() | st.sampled_from(["0001-01-01", "9999-12-31T23:59-14"]),
    )
)
def test_a_line_with_any_values_can_be_shown(odd: dict[str, Any]) -> None:
    line = LogLine(NOW_MS, request_line(**odd | {"type": "request"}))
    found = request_of(line, CALLERS)
    if found is None:
        return
    assert 100 <= found.status < 600
    assert all(len(text) <= 300 for text in (found.caller, found.path, found.code))
    assert f"{found}".encode()
    assert abs(found.at - line.at) <= timedelta(minutes=15)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"type": "request"}'])
def test_any_other_line_is_not_a_request(text: str) -> None:
    assert request_of(LogLine(NOW_MS, text), CALLERS) is None
