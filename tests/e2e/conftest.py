"""A real browser on a real dashboard. Every test fails on a console error, on a breach of the
content security policy, and on a request to another machine."""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, expect

from tests.dashboard import PASSWORD, USER, Dashboard, logs
from tests.portal import addresses_of, partner_key
from webapp.sandbox.launcher import Sandbox

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or ""
REBOUND = "rebound.example"
"""A name of somebody else's, which leads to this machine in the browser."""
ARGUMENTS = [
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IN_SIGHT = """() => {
  const notice = document.querySelector(".of-action .notice").getBoundingClientRect();
  const target = document.querySelector(location.hash || "main").getBoundingClientRect();
  const whole = notice.top >= 0 && notice.bottom <= innerHeight;
  return [whole, !location.hash || (target.top >= notice.bottom - 1 && target.top < innerHeight)];
}"""

LAST_MS = 1_000
LOG_CHARS = 2_000
LOCAL = ("http://127.0.0.1:", "http://localhost:", "data:")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {
        "permissions": ["clipboard-read", "clipboard-write"],
        "viewport": {"width": 1280, "height": 900},
        "reduced_motion": "reduce",  # drawing motion all the time takes a tenth of the work
    }


@pytest.fixture(scope="session")
def fresh(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard where nothing has been set up yet."""
    own = {"EGRET_NAME_PREFIX": "browser"}
    running = Dashboard(sandbox, tmp_path_factory.mktemp("fresh"), environment=own).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def shown(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard with a network, a key and two functions; one of them fetches difficult names."""
    own = {"EGRET_NAME_PREFIX": "shown"}
    running = Dashboard(sandbox, tmp_path_factory.mktemp("shown"), environment=own).start()
    running.signed_in()
    api = running.api()
    api.post("/networks", {"name": "production", "region": "eu-central-1"}).raise_for_status()
    network = api.settled("/networks/production")
    secret = partner_key(sandbox, addresses_of(network), is_shared=True)
    api.post("/keys", {"name": "clash", "secret": secret}).raise_for_status()
    for name, location in (("top-clans", "32000006"), ("names", "32000249")):
        body = {"name": name, "template": "clash_rankings", "network": "production", "key": "clash"}
        settings = {"location": location, "limit": 10}
        api.post("/functions", body | {"settings": settings}).raise_for_status()
        api.settled(f"/functions/{name}")
        api.post(f"/functions/{name}/snapshots").raise_for_status()
    api.post("/functions/top-clans/callers", {"name": "website"}).raise_for_status()
    api.post("/accounts", {"name": "shop", "number": "444455556666"}).raise_for_status()
    yield running
    running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, Any, Any]:
    """A test that fails tells what its page showed, and what the dashboards had just logged."""
    report = yield
    page = item.funcargs.get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        report.sections += [("log", log[-LOG_CHARS:]) for log in logs()]
        with suppress(Error):  # it may be on its way to another one
            report.sections.append((page.url, page.locator("main").inner_text(timeout=LAST_MS)))
    return report


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    faults: list[str] = []
    context.on("page", lambda opened: _watch(opened, faults))
    yield context.new_page()
    assert not faults, faults


@pytest.fixture
def screenshots() -> Path | None:
    """The folder for screenshots that EGRET_SCREENSHOTS names, if any."""
    folder = os.environ.get("EGRET_SCREENSHOTS")
    return Path(folder) if folder else None


def sign_in(page: Page, dashboard: Dashboard) -> None:
    """With a session that was begun outside the browser, which takes two pages less."""
    cookies = dashboard.signed_in()
    page.context.add_cookies(
        [{"name": name, "value": value, "url": dashboard.url} for name, value in cookies.items()]
    )


def sign_in_by_form(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.url}/sign-in")
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def says(page: Page, notice: str) -> None:
    """What the action has done is said once, in sight, and what it is about begins below it.

    The notice can be read before the page's script has run, which moves what it is about.
    """
    expect(page.locator(".of-action")).to_contain_text(notice)
    page.wait_for_load_state()
    assert page.evaluate(IN_SIGHT) == [True, True], (notice, page.url)
    expect(page.get_by_role("status").filter(has_text=notice)).to_have_count(1)


def _watch(page: Page, faults: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        expected = any(f"status of {code}" in message.text for code in (404, 422))
        if message.type == "error" and not expected:
            faults.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith(LOCAL):
            faults.append(f"asked for {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", on_request)
