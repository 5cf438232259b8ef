"""Rules for every request and answer: who may ask, from where, how much; the security headers."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.routes.conftest import HOST
from tests.routes.people import CREDENTIALS, bearer, sign_in
from webapp.edge.limits import BODY_MAX_BYTES
from webapp.services import access


def test_every_answer_carries_the_policy(client: Any) -> None:
    for path in ("/", "/setup", "/healthz", "/nothing", "/api/v1/networks"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"]
        assert len(headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_write_from_another_site_is_refused(client: Any, headers: dict[str, str]) -> None:
    refused = client.post("/sign-in", headers=headers, data={"name": "a", "password": "b"})
    assert refused.status_code == 403
    assert "another site" in refused.text


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": HOST}]
)
def test_a_write_from_the_dashboards_own_page_or_a_program_is_accepted(
    client: Any, headers: dict[str, str]
) -> None:
    answer = client.post("/sign-in", headers=headers, data={"name": "a", "password": "b"})
    assert answer.status_code == 422


def test_another_host_name_is_refused(client: Any) -> None:
    assert client.get("/sign-in", headers={"host": "evil.example"}).status_code == 400


def test_a_large_body_is_refused(client: Any) -> None:
    body = {"name": "x" * BODY_MAX_BYTES}
    assert client.post("/sign-in", data=body).status_code == 413
    refused = client.post("/api/v1/keys", json=body)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_never_leads_elsewhere(app: FastAPI, client: Any, elsewhere: str) -> None:
    sign_in(client, app)
    form = CREDENTIALS | {"next": elsewhere}
    assert client.post("/sign-in", data=form).headers["location"] == "/"


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(app: FastAPI, client: Any) -> None:
    cookie = setup(client, app).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_after_setup_there_is_no_second_setup(app: FastAPI, client: Any) -> None:
    setup(client, app)
    assert client.get("/setup").headers["location"] == "/sign-in"


def test_an_error_page_says_what_happened_and_gives_the_request_id(client: Any) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert "There is nothing at /nothing" in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_static_files_are_cached_for_ever_under_their_hash(client: Any) -> None:
    page = client.get("/setup").text
    start = page.index("/static/")
    path = page[start : page.index('"', start)]
    assert client.get(path).headers["cache-control"] == "public, max-age=31536000, immutable"


def setup(client: Any, app: FastAPI) -> Any:
    with Session(app.state.parts.engine) as session:
        token = access.new_setup_token(session)
    form = CREDENTIALS | {"token": token}
    return client.post("/setup", data=form)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/audit-events?after=99999999999999999999", None),
        ("GET", "/networks/x/events?after=-1", None),
        ("POST", "/addresses", {"region": "mars"}),
        ("POST", "/networks", {"name": "new", "region": "eu-central-1"}),
        ("POST", "/networks?dry_run=true", {"name": "new", "region": "eu-central-1"}),
    ],
)
def test_input_that_breaks_a_rule_is_refused(
    app: FastAPI, client: Any, method: str, path: str, body: dict[str, Any] | None
) -> None:
    refused = client.request(method, f"/api/v1{path}", json=body, headers=bearer(app))
    assert refused.status_code == 422, refused.text


@pytest.mark.parametrize("path", ["/api/v1/networks/%00", "/whitelist/%00.txt"])
@on_either_database
def test_a_character_that_no_database_can_store_is_no_server_error(
    app: FastAPI, client: Any, path: str
) -> None:
    assert client.get(path, headers=bearer(app)).status_code in (404, 422)


def test_a_wrong_method_is_answered_with_the_right_ones(app: FastAPI, client: Any) -> None:
    refused = client.delete("/api/v1/audit-events", headers=bearer(app))
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("body", ["{", "[]", "name=x"])
def test_a_body_that_is_not_a_json_object_is_refused_as_such(
    app: FastAPI, client: Any, body: str
) -> None:
    headers = bearer(app) | {"Content-Type": "application/json"}
    refused = client.post("/api/v1/networks", content=body, headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "The body is not a JSON object.",
    )
