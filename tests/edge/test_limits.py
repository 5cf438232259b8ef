"""Limits of what a request may be, answered as everything else: by a page or by problem+json."""

from typing import Any

import pytest

from tests.routes.conftest import app, bare_app, client
from webapp.edge.limits import (
    BODY_MAX_BYTES,
    COOKIES_MAX_BYTES,
    HEADERS_MAX,
    HEADERS_MAX_BYTES,
    PATH_MAX_BYTES,
    QUERY_MAX_BYTES,
)
from webapp.rendering.forms import FIELDS_MAX

__all__ = ["app", "bare_app", "client"]
Asked = tuple[str, dict[str, str]]
TOO_MUCH: list[tuple[Asked, int, str]] = [
    (("/" + "a" * PATH_MAX_BYTES, {}), 414, "too_long"),
    (("/sign-in?next=" + "a" * QUERY_MAX_BYTES, {}), 414, "too_long"),
    (("/sign-in", {"cookie": "a=" + "b" * COOKIES_MAX_BYTES}), 431, "headers_too_large"),
    (("/sign-in", {"x-large": "b" * HEADERS_MAX_BYTES}), 431, "headers_too_large"),
    (("/sign-in", {f"x-{n}": "" for n in range(HEADERS_MAX)}), 431, "headers_too_large"),
    (("/sign-in", {"host": "evil.example"}), 400, "unknown_host"),
    (("/sign-in", {"host": "127.0.0.1@evil.example"}), 400, "unknown_host"),
]


@pytest.mark.parametrize(("asked", "status", "code"), TOO_MUCH)
def test_what_is_over_a_limit_is_refused_by_page_and_by_api(
    client: Any, asked: Asked, status: int, code: str
) -> None:
    path, headers = asked
    page = client.get(path, headers=headers)
    assert page.status_code == status
    assert "What to do:" in page.text
    assert page.headers["content-type"].startswith("text/html")
    refused = client.get(f"/api/v1{path}", headers=headers)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == code
    for answer in (page, refused):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("size", [str(BODY_MAX_BYTES + 1), "9" * 11, "9" * 400])
def test_a_body_that_says_that_it_is_too_large_is_refused_before_it_is_read(
    client: Any, size: str
) -> None:
    """Of this one the rest never comes."""
    form = {"content-length": size, "content-type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", content=b"a", headers=form).status_code == 413
    refused = client.post("/api/v1/networks", content=b"{", headers={"content-length": size})
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:8000", "[::1]:8000"])
def test_its_own_hosts_are_answered(client: Any, host: str) -> None:
    assert client.get("/api/v1/openapi.json", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.3.7:8000", ""])
def test_a_load_balancer_may_ask_by_any_address_whether_it_is_well(
    client: Any, path: str, host: str
) -> None:
    for ask in (client.get, client.head):
        assert ask(path, headers={"host": host}).status_code == 200
    assert client.get(f"{path}/", headers={"host": host}).status_code == 400


def test_a_form_with_too_many_fields_is_refused(client: Any) -> None:
    form = {f"f{n}": "x" for n in range(FIELDS_MAX + 1)}
    refused = client.post("/sign-in", data=form)
    assert refused.status_code == 400
    assert "Too many fields" in refused.text
