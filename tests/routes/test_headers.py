"""Every answer has the security headers: of every route, and of every status."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Request, Response
from sqlmodel import Session

from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.all_routes import routes_of
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.routes.test_connections import NAME, add_rows, run_apart
from webapp.deps import note_operation
from webapp.edge.limits import BODY_MAX_BYTES, COOKIES_MAX_BYTES, QUERY_MAX_BYTES
from webapp.edge.middleware import SECURITY_HEADERS, AccessLogAndHeaders

PUBLIC = ("/whitelist/", "/static/")
ANSWERS: dict[int, list[tuple[str, str, dict[str, Any]]]] = {
    200: [
        ("GET", "/healthz", {}),
        ("HEAD", "/healthz", {}),
        ("GET", f"/networks/{NAME}", {}),
        ("GET", "/api/v1/networks", {}),
    ],
    303: [("POST", "/sign-out", {})],
    308: [("GET", "/networks/", {})],
    400: [("GET", "/", {"headers": {"host": "evil.example"}})],
    401: [("GET", "/api/v1/networks", {"headers": {"authorization": "Bearer x"}})],
    403: [("POST", "/sign-out", {"headers": {"sec-fetch-site": "cross-site"}})],
    404: [("GET", path, {}) for path in ("/nothing", "/static/x/none.css", "/api/v1/nothing")],
    405: [("DELETE", path, {}) for path in ("/", "/static/x", "/api/v1/audit-events")],
    409: [("POST", f"/networks/{NAME}/deletion", {"data": {"confirm": NAME}})],
    413: [("POST", "/networks", {"data": {"name": "x" * BODY_MAX_BYTES}})],
    414: [("GET", f"/?{'x' * QUERY_MAX_BYTES}=", {})],
    422: [("POST", path, {}) for path in ("/networks", "/api/v1/networks")],
    429: [
        ("GET", "/api/v1/keys", {"headers": {"authorization": f"Bearer {n}"}}) for n in range(22)
    ],
    431: [("GET", "/", {"headers": {"cookie": "x" * COOKIES_MAX_BYTES}})],
    503: [("GET", path, {}) for path in (f"/networks/{NAME}/drift", f"/functions/{NAME}/logs")],
}


def check(answer: Any, *, stored: bool = False) -> None:
    for name, value in SECURITY_HEADERS.items():
        given = answer.headers.get_list(name)
        is_stricter = name == "Content-Security-Policy" and stored
        assert given == [value] or is_stricter, (answer.request.url, answer.status_code, name)
    assert len(answer.headers["x-request-id"]) == 16
    if not stored:
        assert answer.headers.get_list("cache-control") == ["no-store"], answer.request.url


@pytest.fixture
def client(app: FastAPI, session: Session) -> Iterator[Any]:
    add_rows(session)
    client = DirectClient(app, base_url=HOST, raise_server_exceptions=False, follow_redirects=False)
    sign_in(client, app)
    yield client
    app.state.parts.engine.dispose()


@thorough("every route is asked")
def test_every_route_answers_with_the_headers_to_anybody(app: FastAPI, client: Any) -> None:
    nobody = DirectClient(app, base_url=HOST, follow_redirects=False)
    asked = 0
    for route in routes_of(app):
        for who in (client, nobody) if route.reads else (nobody,):
            answer = who.request(route.method, route.to_nothing)
            check(answer, stored=answer.status_code == 200 and route.path.startswith(PUBLIC))
            asked += 1
    assert asked > 200


@pytest.mark.parametrize("status", ANSWERS)
def test_every_status_has_the_headers(client: Any, status: int) -> None:
    for method, path, sent in ANSWERS[status]:
        answer = client.request(method, path, **sent)
        check(answer)
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/", "/api/v1/networks", "/healthz"])
def test_an_error_that_nobody_has_foreseen_has_the_headers(
    app: FastAPI, client: Any, path: str
) -> None:
    def fail() -> None:
        raise KeyError("broken")

    app.dependency_overrides[note_operation] = fail
    answer = client.get(path)
    assert answer.status_code == 500
    check(answer)


def test_what_has_not_changed_has_the_headers(app: FastAPI, client: Any) -> None:
    page = client.get("/sign-in").text
    start = page.index("/static/")
    path = page[start : page.index('"', start)]
    etag = client.get(path).headers["etag"]
    again = client.get(path, headers={"if-none-match": etag})
    assert again.status_code == 304
    check(again, stored=True)
    assert "immutable" in again.headers["cache-control"]
    assert client.get("/api/v1/networks", headers=bearer(app)).status_code == 200


def test_a_stream_begins_with_the_headers(app: FastAPI, client: Any) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    path = f"/networks/{NAME}/stream"
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1"), (b"cookie", cookies.encode())],
    }

    async def first() -> Any:
        begun = asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start" and not begun.done():
                begun.set_result(message)

        task = asyncio.create_task(app(scope, begun.get_loop().create_future, send))
        message = await begun
        task.cancel()
        await asyncio.wait([task])
        return message

    message = run_apart(first())
    answer = Response(message["status"], headers=message["headers"], request=Request("GET", HOST))
    assert answer.headers["content-type"].startswith("text/event-stream")
    check(answer)


def test_by_https_browsers_are_told_to_stay_there() -> None:
    app = FastAPI()
    app.add_middleware(AccessLogAndHeaders, https=True)
    answer = DirectClient(app).get("/")
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
