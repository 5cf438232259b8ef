"""HEAD wherever GET is, and addresses with a slash too many."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.fast import thorough
from tests.routes.all_routes import routes_of
from tests.routes.people import sign_in
from tests.routes.test_connections import add_rows
from tests.routes.test_database_failures import path_of
from webapp.rendering.templating import NOTICE_COOKIE, static_version

VARYING = {"date", "x-request-id", "age", "set-cookie"}
STREAMS = ("/stream", "/tail")
FROM_AWS = ("/diagnosis", "/drift", "/metrics", "/logs", "/requests", "/orphans", "/preflight")


@thorough("every route is asked")
def test_head_answers_as_get_does_without_a_body(
    app: FastAPI, client: Any, session: Session
) -> None:
    add_rows(session)
    sign_in(client, app)
    asked = 0
    for route in routes_of(app):
        if route.method != "GET" or route.path.endswith((*STREAMS, *FROM_AWS)):
            continue
        path = path_of(route)
        client.cookies.pop(NOTICE_COOKIE, None)  # which the next page shows once
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), route
        of_get, of_head = dict(got.headers), dict(head.headers)
        for name in VARYING | ({"content-length"} if got.status_code >= 400 else set()):
            of_get.pop(name, None), of_head.pop(name, None)
        assert of_head == of_get, route
        asked += 1
    assert asked > 40


def test_head_of_a_static_file_says_its_size(client: Any) -> None:
    page = client.get("/setup").text
    start = page.index("/static/")
    path = page[start : page.index('"', start)]
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    again = client.get(path, headers={"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (
        304,
        got.headers["cache-control"],
    )


@pytest.mark.parametrize("path", ["/networks/x/stream", "/functions/x/logs/tail"])
def test_a_stream_begins_only_for_a_reader(app: FastAPI, client: Any, path: str) -> None:
    sign_in(client, app)
    refused = client.head(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("/networks/", "/networks"),
        ("/networks//", "/networks"),
        ("/sign-in/?next=%2Fkeys", "/sign-in?next=%2Fkeys"),
        ("/api/v1/networks/", "/api/v1/networks"),
        ("/functions/a%20b/", "/functions/a%20b"),
        ("/healthz/", "/healthz"),
    ],
)
def test_a_slash_at_the_end_leads_to_the_same_address_without_it(
    client: Any, path: str, shorter: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (308, shorter)
    assert client.post("/sign-in/").status_code == 308


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "///evil.example/networks/",
        "//networks/",
        "/\\evil.example/",
        "/%2Fevil.example/",
        "/%5Cevil.example/",
        "/nothing/",
    ],
)
def test_no_slash_leads_to_another_host(client: Any, path: str) -> None:
    answer = client.get(f"http://127.0.0.1:8000{path}")
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/networks", "GET, HEAD, POST"),
        ("POST", "/api/v1/networks/main", "GET, HEAD, DELETE"),
        ("GET", "/api/v1/networks/main/parking", "POST, DELETE"),
        ("OPTIONS", "/networks", "GET, HEAD, POST"),
        ("PUT", "/networks/main/parking", "POST"),
        ("POST", f"/static/{static_version()}/app.css", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_allowed_names_all_that_are(
    client: Any, method: str, path: str, allowed: str
) -> None:
    refused = client.request(method, path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
