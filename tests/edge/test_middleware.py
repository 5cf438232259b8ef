"""What the access log says, and how long answers may be kept."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from tests.databases import prepare
from tests.routes.conftest import HOST, client
from webapp.aws import Cloud
from webapp.edge.middleware import AccessLogAndHeaders, loggable
from webapp.logs import Lines
from webapp.main import create_app
from webapp.settings import Settings

__all__ = ["client"]
LINK = "8GyPp3vU5QkVtQvPZ0nWzA"


@pytest.fixture
def app(settings: Settings, nowhere: Cloud) -> Iterator[FastAPI]:
    """Not the one that tests share: routes are added to it."""
    prepare(settings)
    made = create_app(settings, nowhere)
    yield made
    made.state.parts.engine.dispose()


@pytest.mark.parametrize(
    "path",
    [
        f"/whitelist/{LINK}",
        f"/whitelist/{LINK}.txt",
        f"/whitelist/{LINK}/",
        f"//whitelist//{LINK}",
        f"/Whitelist/{LINK}",
        f"/egret/whitelist/{LINK}",
        f"/whitelist/\n{LINK}",
    ],
)
def test_the_secret_link_of_a_whitelist_is_not_logged(path: str) -> None:
    assert LINK not in loggable(path)
    assert "whitelist/" in loggable(path).lower()


def test_the_format_of_a_published_whitelist_is_logged() -> None:
    assert loggable(f"/whitelist/{LINK}.txt") == "/whitelist/-.txt"
    assert loggable(f"/whitelist/{LINK}") == "/whitelist/-"


@pytest.mark.parametrize(
    "path",
    ["/networks/n/whitelist", "/networks/n/whitelist/link", "/networks/n/whitelist/partners/1"],
)
def test_other_paths_are_logged_as_they_are(path: str) -> None:
    assert loggable(path) == path


def test_a_path_is_one_line_of_ascii() -> None:
    assert loggable("/a\nINFO b é") == "/a%0AINFO%20b%20%C3%A9"
    assert loggable("/\ud800") == "/%5Cud800"


def test_the_access_log_has_no_link(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "egret.access")
    client.get(f"/whitelist/{LINK}.txt")
    assert "/whitelist/" in caplog.text
    assert LINK not in caplog.text


@pytest.mark.parametrize("path", ["/broken", "/api/v1/broken"])
def test_an_unexpected_error_is_answered_like_everything_else(
    app: FastAPI, client: Any, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    def fail() -> None:
        raise KeyError("broken")

    app.add_api_route(path, fail)
    caplog.handler.setFormatter(Lines("json"))
    answer = client.get(path)
    assert answer.status_code == 500
    expected = client.get("/nothing").headers
    for name in ("content-security-policy", "cache-control", "x-content-type-options"):
        assert answer.headers[name] == expected[name]
    assert answer.headers["x-request-id"] in answer.text
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    (logged,) = (line for line in lines if line["level"] == "ERROR")
    assert logged["request_id"] == answer.headers["x-request-id"]
    assert logged["client"] == "testclient"
    assert logged["operation"].endswith("fail")
    assert "KeyError: 'broken'" in logged["traceback"]
    assert "KeyError" not in answer.text


def test_an_error_whose_page_fails_too_is_still_an_answer_with_all_headers(
    app: FastAPI, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: Request) -> None:
        request.state.user = "without a name"
        raise KeyError("broken")

    app.add_api_route("/broken", fail)
    answer = client.get("/broken")
    assert (answer.status_code, answer.text[:14]) == (500, "Egret failed u")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    errors = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert errors == [KeyError, AttributeError]


def test_an_answer_that_breaks_off_is_no_second_answer(app: FastAPI) -> None:
    def body() -> Iterator[bytes]:
        yield b"begun"
        raise KeyError("broken")

    app.add_api_route("/broken", lambda: StreamingResponse(body()))
    with pytest.raises(KeyError):
        TestClient(app, base_url=HOST).get("/broken")


@pytest.mark.parametrize("https", [True, False])
def test_by_https_all_cookies_are_secure(https: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        answer = Response()
        answer.set_cookie("notice", "x", httponly=True)
        answer.set_cookie("session", "y", secure=True)
        await answer(scope, receive, send)

    around = AccessLogAndHeaders(app, https=https)
    cookies = TestClient(around).get("/").headers.get_list("set-cookie")
    assert [cookie.lower().count("secure") for cookie in cookies] == [int(https), 1]
