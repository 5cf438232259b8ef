"""Callers: a web page of another origin reads answers and refusals; a key is made and revoked."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.answering import answering
from tests.dashboard import Dashboard
from tests.e2e.conftest import says, sign_in

CALL = """async ([url, key]) => {
  try {
    const headers = key ? {"x-api-key": key} : {};
    const answer = await fetch(url, {headers, cache: "no-store"});
    return [answer.status, await answer.json()];
  } catch (error) {
    return [0, error.name];
  }
}"""
NAME, CALLERS = "pages", "/functions/pages/callers"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[int]:
    """The port of a web server with one page."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Another site</title>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with answering(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield server.server_port


@pytest.fixture
def function(shown: Dashboard, site: int) -> Iterator[dict[str, Any]]:
    """It may be called by pages of that site."""
    api = shown.api()
    new = {
        "name": NAME,
        "template": "clash_rankings",
        "network": "production",
        "key": "clash",
        "settings": {"location": "32000006", "limit": 3},
        "path": "clans/top",
        "cors_origins": [f"http://127.0.0.1:{site}"],
    }
    api.post("/functions", new).raise_for_status()
    yield api.settled(f"/functions/{NAME}")
    api.delete(f"/functions/{NAME}")
    api.gone(f"/functions/{NAME}")


def test_a_page_of_the_allowed_origin_reads_answers_and_refusals_and_others_none(
    context: BrowserContext, shown: Dashboard, site: int, function: dict[str, Any]
) -> None:
    url, api = function["endpoint_url"], shown.api()
    key = api.post(CALLERS, {"name": "site", "quota": 1}).json()["key"]
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{site}/")
    status, body = page.evaluate(CALL, [url, key])
    assert (status, len(body["items"])) == (200, 3)
    assert page.evaluate(CALL, [url, key]) == [429, {"message": "Limit Exceeded"}]
    for wrong in ("", "wrong"):
        assert page.evaluate(CALL, [url, wrong]) == [403, {"message": "Forbidden"}]
    page.goto(f"http://localhost:{site}/")
    assert page.evaluate(CALL, [url, key]) == [0, "TypeError"]


def test_a_caller_is_added_gets_another_key_and_is_revoked(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/names")
    page.get_by_role("link", name="Add caller").click()
    page.get_by_label("Name", exact=True).fill("partner")
    page.get_by_label("Calls per second").fill("0.5")
    page.get_by_role("button", name="Add caller").click()
    keys = [_copied_key(page)]
    page.reload()
    expect(page.get_by_text("it is shown only this once")).to_have_count(0)
    page.get_by_text("New key", exact=True).click()
    page.get_by_role("button", name="Make a new key").click()
    keys.append(_copied_key(page))
    assert len({*keys}) == 2
    page.get_by_text("Revoke", exact=True).click()
    page.get_by_label("Type the name").fill("partner")
    page.get_by_role("button", name="Revoke caller").click()
    says(page, "partner was revoked.")
    expect(page.get_by_role("heading", name="partner")).to_have_count(0)


def _copied_key(page: Page) -> str:
    expect(page.get_by_role("heading", name="API key of partner")).to_be_visible()
    page.get_by_role("button", name="Copy API key").click()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert page.get_by_text(copied, exact=True).is_visible()
    return copied
