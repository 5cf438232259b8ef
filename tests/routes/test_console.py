"""The test console, on its page and by the API; AWS answers by a script."""

import base64
import json
from io import BytesIO
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.routes.people import bearer
from tests.services.scripted import ScriptedAws, refusal
from webapp.edge.limits import EVENT_BODY_MAX_BYTES
from webapp.models import Network, Status
from webapp.services.functions.activity.console.runs import DEPTH_MAX

CONSOLE, SAVED = "/functions/fun/console", "/functions/fun/saved-requests"
REPORT = (
    "REPORT RequestId: 8f507cfc\tDuration: 12.50 ms\tBilled Duration: 143 ms\t"
    "Memory Size: 256 MB\tMax Memory Used: 71 MB\tInit Duration: 130.49 ms\t\n"
)
REQUEST = {"kind": "request", "method": "POST", "path": "/top", "query": "limit=5&tag=a&tag=b"}


def returns(aws: ScriptedAws, payload: object, *, error: str = "") -> None:
    tail = base64.b64encode(f"hello\n{REPORT}".encode()).decode()
    answer = {"LogResult": tail} | ({"FunctionError": error} if error else {})
    aws.answers["Invoke"] = lambda _: {**answer, "Payload": BytesIO(json.dumps(payload).encode())}


def sent(aws: ScriptedAws) -> Any:
    return json.loads(aws.calls("Invoke")[-1]["Payload"])


def test_a_request_is_run_and_its_result_is_shown(aws: ScriptedAws, signed_in: Any) -> None:
    returns(aws, {"statusCode": 200, "headers": {"X-A": "<b>"}, "body": '{"a":[1]}'})
    form = REQUEST | {"headers": "Accept: application/json\nX-Api-Key: s3cret", "body": "{}"}
    form |= {"event": '{"password": "s3cret"}', "name": "mine"}
    page = signed_in.post(CONSOLE, data=form).text
    event = sent(aws)
    assert event["multiValueQueryStringParameters"] == {"limit": ["5"], "tag": ["a", "b"]}
    assert (event["headers"]["Accept"], event["body"]) == ("application/json", "{}")
    for shown in ("12.5 ms", "143 ms", "71 of 256 MB", "130.49 ms", "8f507cfc", "x-a: &lt;b&gt;"):
        assert shown in page, shown
    assert "{\n  &#34;a&#34;: [\n" in page
    assert "hello\nREPORT" in page
    assert event["headers"]["X-Api-Key"] == "s3cret"
    assert "s3cret" not in page
    assert "X-Api-Key: \n" in page.replace("</textarea>", "\n")
    assert 'value="limit=5&amp;tag=a&amp;tag=b"' in page
    assert 'data-address="/functions/fun/console?method=POST&amp;path=%2Ftop"' in page
    assert signed_in.get(CONSOLE, params={"method": "POST", "path": "/top"}).status_code == 200


@pytest.mark.parametrize(
    "own",
    [
        {"path": "/top?token=s3cret"},
        {"query": "token=s3cret"},
        {"body": '{"password": "s3cret"}'},
        {"kind": "event", "event": '{"headers": {"Authorization": ["s3cret"]}}'},
        {"kind": "event", "event": '{"token": "s3cret"'},
    ],
)
@pytest.mark.parametrize("path", [CONSOLE, SAVED])
def test_what_may_be_secret_is_sent_and_not_shown_again(
    aws: ScriptedAws, signed_in: Any, path: str, own: dict[str, str]
) -> None:
    returns(aws, {"statusCode": 200})
    answer = signed_in.post(path, data=REQUEST | {"name": "mine"} | own)
    assert answer.status_code in (200, 422)
    assert "s3cret" not in answer.text
    assert all("s3cret" in call["Payload"].decode() for call in aws.calls("Invoke"))


def test_of_a_form_that_outlives_its_session_method_and_path_are_kept(signed_in: Any) -> None:
    signed_in.cookies.clear()
    form = REQUEST | {"headers": "X-A: s3cret", "body": "s3cret", "query": "q=s3cret"}
    answer = signed_in.post(CONSOLE, data=form, follow_redirects=False)
    back = answer.headers["location"]
    assert "console%3Fmethod%3DPOST%26path%3D%252Ftop" in back
    assert "s3cret" not in back
    assert "Your form is kept, but only method and path." in signed_in.get(back).text


def test_the_deepest_event_that_is_saved_is_shown_and_listed(
    aws: ScriptedAws, signed_in: Any
) -> None:
    deep = '{"a":' * DEPTH_MAX + "0" + "}" * DEPTH_MAX
    form = {"kind": "event", "event": deep, "name": "deep"}
    assert "deep is saved." in signed_in.post(SAVED, data=form).text
    (saved,) = signed_in.get(f"/api/v1{SAVED}").json()["items"]
    assert saved["event"] == json.loads(deep)
    for odd in (f'{{"a":{deep}}}', '{"a": NaN}', '{"\\ud800token": 1}', '{"a": "\\ud800"}'):
        answer = signed_in.post(SAVED, data=form | {"event": odd, "name": "odd"})
        assert (answer.status_code, 'href="#event"' in answer.text) == (422, True)
        body = f'{{"name": "odd", "event": {odd}}}'
        sent = {"content": body, "headers": {"content-type": "application/json"}}
        assert signed_in.post(f"/api/v1{SAVED}", **sent).status_code == 422
    assert aws.calls("Invoke") == []


def test_an_error_is_shown_with_its_stack_trace(aws: ScriptedAws, signed_in: Any) -> None:
    raised = {"errorType": "KeyError", "errorMessage": "'<x>'", "stackTrace": ["  File <a>\n"]}
    returns(aws, raised, error="Unhandled")
    page = signed_in.post(CONSOLE, data={"kind": "event", "event": '{"a": 1}'}).text
    assert sent(aws) == {"a": 1}
    assert "KeyError: &#39;&lt;x&gt;&#39;" in page
    assert "  File &lt;a&gt;" in page
    assert "Failed" in page


def test_what_is_no_response_is_shown_as_it_is(aws: ScriptedAws, signed_in: Any) -> None:
    returns(aws, ["a", "b"])
    page = signed_in.post(CONSOLE, data={"kind": "event"}).text
    assert "[&#34;a&#34;, &#34;b&#34;]" in page


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"kind": "event", "event": "{"}, "event", "This is not JSON"),
        ({"kind": "event", "event": "[" * 15_000}, "event", "nested too deeply"),
        ({"kind": "event", "event": "[]"}, "event", "An event is an object"),
        ({"kind": "event", "event": f'{{"a": "{"x" * 262_144}"}}'}, "event", "larger than 256"),
        (REQUEST | {"path": "top"}, "path", "A path begins with /"),
        (REQUEST | {"headers": "nonsense"}, "headers", "Write one header per line"),
    ],
)
def test_a_form_that_cannot_be_sent_comes_back_filled_in(
    aws: ScriptedAws, signed_in: Any, form: Any, field: str, said: str
) -> None:
    answer = signed_in.post(CONSOLE, data=form)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert said in answer.text
    assert aws.calls("Invoke") == []


def test_a_form_that_is_much_too_large_is_refused(signed_in: Any) -> None:
    answer = signed_in.post(CONSOLE, data={"kind": "event", "event": "x" * EVENT_BODY_MAX_BYTES})
    assert (answer.status_code, "At most 1024 KiB." in answer.text) == (413, True)


def test_what_aws_refuses_is_shown_and_the_form_stays(aws: ScriptedAws, signed_in: Any) -> None:
    aws.answers["Invoke"] = refusal("ServiceException", "Internal error", status=500)
    answer = signed_in.post(CONSOLE, data=REQUEST)
    assert answer.status_code == 503
    assert "AWS answered ServiceException" in answer.text
    assert 'value="/top"' in answer.text
    assert len(aws.calls("Invoke")) == 1


def test_a_request_is_saved_filled_in_again_and_deleted(aws: ScriptedAws, signed_in: Any) -> None:
    form = REQUEST | {"headers": "Accept: text/plain", "body": "a=b", "name": "five"}
    page = signed_in.post(SAVED, data=form).text
    assert "five is saved." in page
    for shown in ('value="limit=5&amp;tag=a&amp;tag=b"', "Accept: text/plain", "a=b"):
        assert shown in page, shown
    event = {"kind": "event", "event": '{"b": 1}', "name": "an event"}
    assert "&#34;b&#34;: 1" in signed_in.post(SAVED, data=event).text
    (first, second) = signed_in.get(f"/api/v1{SAVED}").json()["items"]
    assert (first["name"], second["request"]["path"]) == ("an event", "/top")
    page = signed_in.post(f"{SAVED}/{first['id']}/deletion").text
    assert "an event was deleted." in page
    assert signed_in.get(CONSOLE, params={"saved": first["id"]}).status_code == 404
    assert aws.calls("Invoke") == []


@pytest.mark.parametrize(
    ("own", "status", "said"),
    [
        ({"headers": "Authorization: Bearer x"}, 422, "Authorization may hold a secret"),
        ({"name": ""}, 422, "A name has 1 to 60 characters"),
        ({"name": "taken"}, 409, "already has a saved request named taken"),
    ],
)
def test_what_is_not_saved_comes_back_with_the_reason(
    aws: ScriptedAws, signed_in: Any, own: dict[str, str], status: int, said: str
) -> None:
    signed_in.post(SAVED, data=REQUEST | {"name": "taken"})
    answer = signed_in.post(SAVED, data=REQUEST | {"name": "new"} | own)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert 'value="/top"' in answer.text
    assert len(signed_in.get(f"/api/v1{SAVED}").json()["items"]) == 1
    assert aws.calls("Invoke") == []


def test_the_api_runs_with_and_without_a_body(aws: ScriptedAws, client: Any, app: FastAPI) -> None:
    url, headers = "/api/v1/functions/fun/invocations", bearer(app)
    returns(aws, {"statusCode": 200, "body": "hi"})
    found = client.post(url, headers=headers).json()
    assert (sent(aws), found["status"], found["body"], found["error"]) == ({}, 200, "hi", "")
    assert (found["duration_ms"], found["billed_ms"], found["init_ms"]) == (12.5, 143, 130.49)
    assert (found["memory_mb"], found["memory_used_mb"]) == (256, 71)
    assert found["log_tail"].endswith(REPORT)
    client.post(url, json={"event": {"a": 1}}, headers=headers).raise_for_status()
    assert sent(aws) == {"a": 1}
    request = {"method": "PUT", "path": "/x", "query": {"a": "b"}, "headers": {}, "body": "c"}
    client.post(url, json={"request": request}, headers=headers).raise_for_status()
    assert (sent(aws)["httpMethod"], sent(aws)["body"]) == ("PUT", "c")
    odd = {"request": {"headers": {"\ud800": "a"}}}
    as_json = headers | {"content-type": "application/json"}
    told = client.post(url, content=json.dumps(odd), headers=as_json)
    assert (told.status_code, [*told.json()["errors"]]) == (422, ["request.headers"])
    both = client.post(url, json={"event": {}, "request": request}, headers=headers)
    assert (both.status_code, [*both.json()["errors"]]) == (422, ["event"])


def test_the_api_saves_and_deletes(aws: ScriptedAws, client: Any, app: FastAPI) -> None:
    url, headers = f"/api/v1{SAVED}", bearer(app)
    new = {"name": "a", "event": {"headers": {"authorization": "x"}}}
    refused = client.post(url, json=new, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "secret_not_saved")
    saved = client.post(url, json={"name": "a", "event": {"b": 1}}, headers=headers)
    assert (saved.status_code, saved.json()["event"]) == (201, {"b": 1})
    gone = f"{url}/{saved.json()['id']}"
    assert [client.delete(gone, headers=headers).status_code for _ in range(2)] == [204, 404]
    assert aws.calls("Invoke") == []


def test_a_parked_network_is_mentioned_before_anything_is_run(
    aws: ScriptedAws, signed_in: Any, session: Session
) -> None:
    session.exec(select(Network)).one().status = Status.PARKED
    session.commit()
    assert "so calls to the partner time out" in signed_in.get(CONSOLE).text
    assert aws.calls("Invoke") == []
