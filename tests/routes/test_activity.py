"""Requests and log of a function, by the API and on their pages; AWS answers by a script."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests import loops
from tests.routes.people import bearer
from tests.services.functions.activity.logged import NOW_MS, request_line
from tests.services.rows import add, add_function
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.logs import Log
from webapp.aws.newest_lines import Place
from webapp.models import Caller, Function
from webapp.routes.pages import tails
from webapp.services.functions.activity.tails import Tails
from webapp.templating import render

LOG, REQUESTS = "/functions/fun/logs", "/functions/fun/requests"
ID = "8f507cfc-aaaa-bbbb"
LINES = [
    f"START RequestId: {ID} Version: 3",
    "[ERROR] KeyError: '<b>\x07\u202e'\nTraceback (most recent call last):\n  File \"x\"",
    f"REPORT RequestId: {ID}\tDuration: 1.00 ms",
]


@pytest.fixture(scope="module")
def scripted_aws() -> ScriptedAws:
    return ScriptedAws()


@pytest.fixture
def aws(app: FastAPI, scripted_aws: ScriptedAws, session: Session) -> ScriptedAws:
    """With a function that is ready."""
    scripted_aws.reset()
    noon = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    own = Tails(today=lambda: noon)
    app.state.parts = replace(app.state.parts, cloud=scripted_aws.cloud, tails=own)
    add_function(session, outputs={"FunctionName": "egret-fun"})
    return scripted_aws


def log_of(aws: ScriptedAws, *messages: str) -> None:
    """The last one is the newest."""
    events = [
        {"timestamp": NOW_MS - 1000 + n, "message": text, "eventId": f"{n}"}
        for n, text in enumerate(messages)
    ]
    aws.answers["FilterLogEvents"] = lambda asked: {
        "events": [
            event
            for event in events
            if asked["startTime"] <= event["timestamp"] <= asked.get("endTime", 2 * NOW_MS)
        ]
    }


def pattern_of(aws: ScriptedAws) -> str:
    pattern: str = aws.calls("FilterLogEvents")[-1]["filterPattern"]
    return pattern


def test_a_log_is_shown_as_text_with_its_levels_and_hidden_characters(
    aws: ScriptedAws, signed_in: Any
) -> None:
    log_of(aws, *LINES)
    page = signed_in.get(LOG).text
    assert "&lt;b&gt;\u2407&lt;U+202E&gt;" in page
    assert "Traceback (most recent call last):\n  File &#34;x&#34;" in page
    assert page.count('<li class="platform"') == 2
    assert page.count('<li class="error"') == 1
    assert "<live-tail data-src=" in page
    assert 'aria-current="page">Logs' in page


def test_a_log_is_searched_by_its_address(aws: ScriptedAws, signed_in: Any) -> None:
    log_of(aws)
    page = signed_in.get(LOG, params={"filter": 'a "b"', "level": "error", "request": ID}).text
    assert pattern_of(aws) == f'"a \\"b\\"" "{ID}"'
    assert "No lines found" in page
    assert 'value="a &#34;b&#34;"' in page
    assert f"logs/tail?filter=a+%22b%22&amp;level=error&amp;request={ID}" in page


def test_the_api_gives_a_log_with_the_way_to_older_lines(
    aws: ScriptedAws, client: Any, app: FastAPI
) -> None:
    log_of(aws, *LINES)
    url, headers = f"/api/v1{LOG}", bearer(app)
    found = client.get(url, params={"limit": 2}, headers=headers).json()
    assert [line["level"] for line in found["items"]] == ["error", "platform"]
    assert found["items"][0]["message"] == LINES[1]
    assert (found["complete"], found["exists"]) == (True, True)
    older = client.get(url, params={"limit": 2, "after": found["next"]}, headers=headers).json()
    assert [line["message"] for line in older["items"]] == LINES[:1]
    assert older["next"] is None


def test_requests_are_a_table_with_links_to_their_lines(aws: ScriptedAws, signed_in: Any) -> None:
    log_of(
        aws,
        request_line(caller="egret", request_id=ID, cached=True),
        request_line(path="/<b>", status=403, upstream_status=403, caller=""),
        '{"type": "request"}',
    )
    page = signed_in.get(REQUESTS, params={"status": "", "range": "7d"}).text
    assert page.count('<tr class="call">') == 2
    assert "Egret</span>" in page
    assert "anyone</span>" in page
    assert "GET /&lt;b&gt;" in page
    assert 'data-label="Partner">cached' in page
    assert f"{LOG}?request={ID}&amp;from=" in page
    assert "1 line is left out" in page


def test_callers_are_shown_and_searched_by_their_names(
    aws: ScriptedAws, signed_in: Any, session: Session
) -> None:
    function = session.exec(select(Function)).one()
    bank = Caller(function_id=function.id, name="bank", rate=1, burst=2, quota=9, api_key_id="key1")
    add(session, bank)
    log_of(aws, request_line(caller="key1"))
    page = signed_in.get(REQUESTS, params={"caller": "bank"}).text
    assert pattern_of(aws) == '{ $.type = "request" && $.caller = "key1" }'
    assert '<span title="key1">bank</span>' in page
    assert '<option value="bank">' in page
    (call,) = signed_in.get(f"/api/v1{REQUESTS}").json()["items"]
    assert (call["caller"], call["caller_id"]) == ("bank", "key1")


def test_the_api_gives_requests(aws: ScriptedAws, client: Any, app: FastAPI) -> None:
    log_of(aws, request_line(), request_line(caller="egret", status=502, egress_ip="x"))
    params = {"status": "5xx", "caller": "Egret", "limit": 1}
    found = client.get(f"/api/v1{REQUESTS}", params=params, headers=bearer(app)).json()
    conditions = '$.type = "request" && $.status >= 500 && $.status < 600 && $.caller = "egret"'
    assert pattern_of(aws) == f"{{ {conditions} }}"
    (call,) = found["items"]
    assert (call["caller"], call["caller_id"], call["status"]) == ("Egret", "egret", 502)
    assert (call["egress_ip"], found["unreadable"]) == (None, 0)
    assert found["next"]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (LOG, {"from": "yesterday"}, "from"),
        (LOG, {"level": "fatal"}, "level"),
        (LOG, {"after": "nonsense"}, "after"),
        (LOG, {"range": "2h"}, "range"),
        (REQUESTS, {"status": "teapot"}, "status"),
        (REQUESTS, {"caller": "*"}, "caller"),
    ],
)
def test_a_wrong_search_comes_back_with_its_error(
    aws: ScriptedAws, signed_in: Any, path: str, query: dict[str, str], field: str
) -> None:
    answer = signed_in.get(path, params=query)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    problem = signed_in.get(f"/api/v1{path}", params=query)
    assert (problem.status_code, [*problem.json()["errors"]]) == (422, [field])
    assert aws.calls("FilterLogEvents") == []


@pytest.mark.parametrize("path", [LOG, REQUESTS])
def test_pages_say_what_aws_does_not_give(aws: ScriptedAws, signed_in: Any, path: str) -> None:
    aws.answers["FilterLogEvents"] = {"events": []}
    assert "There are none in this time range" in signed_in.get(path).text
    aws.answers["FilterLogEvents"] = refusal("ResourceNotFoundException")
    page = signed_in.get(path).text
    assert "The log group /aws/lambda/egret-fun does not exist" in page
    assert "aws logs create-log-group" in page
    denied = "User: x is not authorized to perform: logs:FilterLogEvents on resource: y"
    aws.answers["FilterLogEvents"] = refusal("AccessDeniedException", denied)
    answer = signed_in.get(path)
    assert answer.status_code == 502
    assert "logs:FilterLogEvents" in answer.text
    assert '<form method="get"' in answer.text


def test_a_search_that_took_too_long_says_so_and_how_to_go_on() -> None:
    slow = Log([], complete=False, older=Place(NOW_MS))
    state: dict[str, Any] = {"found": slow, "problem": None, "function": None, "what": "lines"}
    assert "CloudWatch is slow" in render("functions/_activity_state.html", shown=[], **state)


def test_a_function_without_a_log_says_so(signed_in: Any, session: Session) -> None:
    add_function(session)
    answer = signed_in.get(LOG)
    assert answer.status_code == 409
    assert "has no log yet" in answer.text
    assert signed_in.get("/functions/nothing/logs").status_code == 404


def streamed(browser: Any, query: str, until: str, **headers: str) -> str:
    """What the live tail sends until it has sent that text."""
    app = browser.app
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    sent = {"host": "127.0.0.1:8000", "cookie": cookies} | headers

    async def listen() -> str:
        heard, told = "", asyncio.Event()

        async def receive() -> Any:
            await told.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal heard
            heard += message.get("body", b"").decode()
            if until in heard:
                told.set()

        scope = {
            "type": "http",
            "method": "GET",
            "path": f"{LOG}/tail",
            "raw_path": b"",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "scheme": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
        }
        async with asyncio.timeout(10):
            streaming = asyncio.create_task(app(scope, receive, send))
            await told.wait()
            streaming.cancel()
            await asyncio.gather(streaming, return_exceptions=True)
        return heard

    heard: str = loops.run(listen())
    return heard


def test_a_live_tail_sends_new_lines_with_their_places(aws: ScriptedAws, signed_in: Any) -> None:
    log_of(aws, *LINES)
    place = f"{NOW_MS - 1000}.0"
    heard = streamed(signed_in, f"after={place}", f"id: {NOW_MS - 998}.2")
    assert heard.count("event: line") == 2
    assert "&lt;b&gt;" in heard
    heard = streamed(
        signed_in, "", f"id: {NOW_MS - 998}.2", **{"last-event-id": f"{NOW_MS - 999}.1"}
    )
    assert heard.count("event: line") == 1


def test_a_live_tail_ends_with_what_cannot_be_read(aws: ScriptedAws, signed_in: Any) -> None:
    denied = "User: x is not authorized to perform: logs:FilterLogEvents on resource: y"
    aws.answers["FilterLogEvents"] = refusal("AccessDeniedException", denied)
    assert "AWS answered AccessDenied" in streamed(signed_in, "level=error", "event: done")
    aws.answers["FilterLogEvents"] = refusal("ThrottlingException", "Rate exceeded")
    assert "Rate exceeded" in streamed(signed_in, "level=info", "event: note")


def test_a_live_tail_says_before_it_begins_what_is_wrong(aws: ScriptedAws, signed_in: Any) -> None:
    assert signed_in.get(f"{LOG}/tail", params={"level": "fatal"}).status_code == 422
    assert signed_in.get("/functions/nothing/logs/tail").status_code == 404
    assert aws.calls("FilterLogEvents") == []
    assert tails.ENDED == "The live tail ended after 15 minutes."
