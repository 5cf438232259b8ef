"""Who gets into the partner and its portal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.inside import DirectClient
from tests.sandbox.partner.client import LOCAL, NAT_TOKEN, SECRET
from webapp.sandbox.doors import USER, portal_pass
from webapp.sandbox.partner.__main__ import create_partner

CREATE = "/api/apikey/create"
BODY = {"name": "k", "cidrRanges": ["203.0.113.7"], "scopes": ["clash"]}
KNOWN = (USER, SECRET)
LINK = f"/portal?pass={portal_pass(SECRET)}"
FOLLOWED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Any]:
    """A client that does not have the secret."""
    app = create_partner(tmp_path, NAT_TOKEN, SECRET)
    with DirectClient(app, base_url=LOCAL, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/portal"),
        ("GET", "/portal?pass=wrong"),
        ("POST", "/portal/keys"),
        ("POST", CREATE),
        ("POST", f"/portal{CREATE}"),
        ("POST", "/api/apikey/list"),
        ("POST", "/sandbox/faults"),
        ("GET", "/badges/70/x.png"),
        ("GET", "/openapi.json"),
        ("GET", "/echo"),
        ("GET", "/"),
    ],
)
def test_without_the_secret_nothing_is_answered(stranger: Any, method: str, path: str) -> None:
    refused = stranger.request(method, path)
    assert (refused.status_code, "egret sandbox info" in refused.text) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", [CREATE, "/v1/locations"])
def test_a_foreign_request_is_refused_even_with_the_secret(
    stranger: Any, path: str, headers: dict[str, str]
) -> None:
    assert stranger.post(CREATE, json=BODY, auth=KNOWN).status_code == 200
    refused = stranger.post(path, json=BODY, auth=KNOWN, headers=headers)
    assert (refused.status_code, "another site" in refused.text) == (403, True)


def test_a_link_opens_the_portal_for_one_browser(stranger: Any) -> None:
    led = stranger.get(LINK, headers=FOLLOWED | {"sec-fetch-site": "same-site"})
    assert (led.status_code, led.headers["location"]) == (303, "/portal")
    shown = stranger.get("/portal", headers=FOLLOWED | {"sec-fetch-site": "same-site"})
    assert shown.status_code == 200
    own = {"origin": LOCAL, "sec-fetch-site": "same-origin"}
    form = {"name": "mine", "addresses": "203.0.113.7"}
    assert stranger.post("/portal/keys", data=form, headers=own).status_code == 200


def test_the_portals_cookie_opens_the_portal_only_and_no_script_reads_it(stranger: Any) -> None:
    cookie = stranger.get(LINK).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/portal" in cookie
    assert SECRET not in cookie
    assert stranger.post("/api/apikey/list").status_code == 403


def test_a_page_of_another_site_cannot_use_an_open_portal(stranger: Any) -> None:
    stranger.get(LINK)
    framed = FOLLOWED | {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"}
    assert stranger.get("/portal", headers=framed).status_code == 403
    form = {"name": "mine", "addresses": "203.0.113.7"}
    posted = FOLLOWED | {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert stranger.post("/portal/keys", data=form, headers=posted).status_code == 403


def test_the_api_answers_who_has_a_key_of_its_own_or_says_so_itself(stranger: Any) -> None:
    assert stranger.get("/v1/locations").json()["reason"] == "accessDenied"
