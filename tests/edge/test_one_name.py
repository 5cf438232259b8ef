"""Each page has one name on this machine, so that its cookie stays with it."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.inside import DirectClient
from webapp.edge.one_name import OneName


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(Request(scope).url.path)(scope, receive, send)


def client(name: str, asked: str) -> DirectClient:
    return DirectClient(OneName(app, name=name), base_url=asked, follow_redirects=False)


@pytest.mark.parametrize(
    ("name", "asked", "led_to"),
    [
        ("127.0.0.1", "http://localhost:8000", "http://127.0.0.1:8000"),
        ("localhost", "http://127.0.0.1:8000", "http://localhost:8000"),
        ("127.0.0.1", "http://[::1]:8000", "http://127.0.0.1:8000"),
        ("::1", "http://localhost:8000", "http://[::1]:8000"),
    ],
)
def test_a_page_asked_for_by_another_name_leads_to_its_own(
    name: str, asked: str, led_to: str
) -> None:
    answer = client(name, asked).get("/networks?after=a%20b")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{led_to}/networks?after=a%20b"


@pytest.mark.parametrize(
    ("name", "asked", "path"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", "/networks"),
        ("127.0.0.1", "http://localhost:8000", "/api/v1/networks"),
        ("127.0.0.1", "http://localhost:8000", "/healthz"),
        ("egret.example.com", "http://localhost:8000", "/networks"),
    ],
)
def test_everything_else_is_answered(name: str, asked: str, path: str) -> None:
    assert client(name, asked).get(path).status_code == 200
