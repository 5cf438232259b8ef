"""Requests and log of a function, by the API and on their pages; AWS answers by a script."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.routes.people import bearer
from tests.services.functions.activity.logged import ID, LINES, NOW_MS, log_of, request_line
from tests.services.rows import add, add_function
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.logs import Log
from webapp.aws.newest_lines import Place
from webapp.models import Caller, Function
from webapp.rendering.templating import render

LOG, REQUESTS = "/functions/fun/logs", "/functions/fun/requests"


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


def test_a_very_long_line_is_cut_on_the_page(aws: ScriptedAws, signed_in: Any) -> None:
    log_of(aws, "x" * 11_000)
    page = signed_in.get(LOG).text
    assert f"{'x' * 10_000}… (1,000 more characters)" in page
    assert "x" * 10_001 not in page


def test_a_log_is_searched_by_its_address(aws: ScriptedAws, signed_in: Any) -> None:
    log_of(aws)
    page = signed_in.get(LOG, params={"filter": 'a "b"', "level": "error", "request": ID}).text
    assert pattern_of(aws) == f'"a \\"b\\"" "{ID}"'
    assert "No lines found" in page
    assert 'aria-labelledby="lines-title"></ol>' in page
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
    assert f'href="{LOG}?range=7d&amp;filter=%7B%20%24.type' in page
    assert f'href="{LOG}?range=7d&amp;level=error"' in page


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
    params = {"status": "5XX", "caller": "Egret", "limit": 1}
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
    assert field == "after" or f'aria-describedby="{field}' in answer.text
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
    assert "aws logs create-log-group --region eu-central-1 --log-group-name /aws/" in page
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
