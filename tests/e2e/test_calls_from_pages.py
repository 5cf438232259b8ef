"""A web page of another origin calls an endpoint, and can read answers and refusals alike."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.dashboard import Dashboard

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
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


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
