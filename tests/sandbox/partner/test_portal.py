"""The developer portal, as a person and as a program uses it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.partner.client import opened
from webapp.sandbox.partner.keys import KEYS_MAX

TYPED = "203.0.113.7\n198.51.100.0/24, 203.0.113.8"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Any]:
    with opened(tmp_path) as client:
        yield client


def made_by_form(portal: Any, name: str = "mine") -> str:
    """The page after the form was sent."""
    page: str = portal.post("/portal/keys", data={"name": name, "addresses": TYPED}).text
    return page


def token_on(page: str) -> str:
    found = re.search(r"<textarea[^>]*readonly[^>]*>([^<]+)</textarea>", page)
    assert found
    return found.group(1)


def keys(portal: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = portal.post("/portal/api/apikey/list").json()["keys"]
    return found


def test_addresses_can_be_separated_by_lines_or_commas(portal: Any) -> None:
    token = token_on(made_by_form(portal))
    [key] = keys(portal)
    assert key["key"] == token
    assert key["cidrRanges"] == ["203.0.113.7", "198.51.100.0/24", "203.0.113.8"]


def test_a_token_is_shown_once_and_never_cached(portal: Any) -> None:
    token = token_on(made_by_form(portal))
    page = portal.get("/portal")
    assert "mine" in page.text
    assert token not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_the_page_says_that_it_is_a_sandbox_and_needs_no_script(portal: Any) -> None:
    page = portal.get("/portal")
    assert "Nothing here is real" in page.text
    assert "<script" not in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert portal.get("/portal/portal.css").headers["content-type"].startswith("text/css")


def test_a_name_is_shown_as_text(portal: Any) -> None:
    assert "<b>bold</b>" not in made_by_form(portal, "<b>bold</b>")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "mine", "addresses": "203.0.113.999"}, "203.0.113.999"),
        ({"name": "mine", "addresses": " , "}, "at least one IP address"),
        ({"name": " ", "addresses": "203.0.113.7"}, "name"),
    ],
)
def test_an_invalid_form_comes_back_with_the_reason_and_the_game(
    portal: Any, form: dict[str, str], said: str
) -> None:
    answer = portal.post("/portal/keys", data=form | {"scope": "royale"})
    assert answer.status_code == 422
    assert said in answer.text
    assert '<option value="royale" selected>' in answer.text
    assert keys(portal) == []


def test_a_key_is_revoked_by_its_button(portal: Any) -> None:
    made_by_form(portal)
    [key] = keys(portal)
    answer = portal.post(f"/portal/keys/{key['id']}/revocation", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    assert keys(portal) == []


def test_a_key_that_is_gone_cannot_be_revoked_again(portal: Any) -> None:
    assert portal.post("/portal/api/apikey/revoke", json={"id": "none"}).status_code == 404


def test_many_requests_at_once_create_exactly_ten_keys(portal: Any, tmp_path: Path) -> None:
    body = {"name": "k", "cidrRanges": ["203.0.113.7"]}

    def create(_: int) -> int:
        status: int = portal.post("/api/apikey/create", json=body).status_code
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(24)))
    assert statuses.count(200) == KEYS_MAX
    with opened(tmp_path) as again:
        assert len(keys(again)) == KEYS_MAX


def test_the_keys_file_is_private(portal: Any, tmp_path: Path) -> None:
    made_by_form(portal)
    assert [path.name for path in tmp_path.iterdir()] == ["partner.json"]
    assert (tmp_path / "partner.json").stat().st_mode & 0o077 == 0


def test_an_invalid_address_comes_back_with_what_was_typed(portal: Any) -> None:
    form = {"name": "mine", "addresses": "203.0.113.7, nonsense"}
    refused = portal.post("/portal/keys", data=form)
    assert refused.status_code == 422
    assert "nonsense" in refused.text
    assert 'value="mine"' in refused.text


def test_the_portal_gives_at_most_ten_keys(portal: Any) -> None:
    body = {"name": "k", "cidrRanges": ["203.0.113.7"]}
    for _ in range(KEYS_MAX):
        assert portal.post("/api/apikey/create", json=body).status_code == 200
    refused = portal.post("/api/apikey/create", json=body)
    assert refused.status_code == 400
    assert "Revoke one first" in refused.json()["description"]
