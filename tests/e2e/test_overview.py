"""The overview tells the news by itself, and a slow partner is asked once."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import sign_in

REFRESH_MS = 5_000
"""After this long an open page asks for news."""
NEWS_MS = 3 * REFRESH_MS
"""A page that is just asking has no timer that could be moved forward: it asks again later. A busy
machine tells a stream late."""
RELOAD_MS = 10_000
"""After this long a page is loaded again whose stream was refused."""
STATUS = "UPDATE function SET status = '{}', version = version + 1 WHERE name = 'top-clans'"
NETWORK_STATUS = "UPDATE network SET status = '{}', version = version + 1"
PRESS_TWICE = """async () => {
  const button = document.querySelector("form[data-sending] button");
  button.click();
  await new Promise((resolve) => setTimeout(resolve, 5500));
  button.click();
  return [button.getAttribute("aria-busy"), button.form.innerText.split("\\n")[0].trim()];
}"""
PRESS_AND_UPDATE = """async () => {
  const button = document.querySelector("form[data-sending] button");
  const { update } = await import(document.querySelector("script[src$='live.js']").src);
  const fresh = document.cloneNode(true);
  button.click();
  update("#preview", fresh);
  return [button.getAttribute("aria-busy"), button.form.innerText.split("\\n")[0].trim()];
}"""
UPDATE_WITHOUT_BUTTON = """async () => {
  const { update } = await import(document.querySelector("script[src$='live.js']").src);
  const [fresh, parking] = [document.cloneNode(true), "form[action$='/parking']"];
  document.querySelector(`${parking} button`).focus();
  fresh.querySelector(parking).remove();
  update("#status", fresh);
  return document.activeElement.localName;
}"""
WAITING = "Asking the partner\u2026"
NOTICED = "UPDATE proof SET seen_ip = {} WHERE network_id IN (SELECT id FROM network)"


@pytest.fixture
def unwatched(browser: Browser, shown: Dashboard) -> Iterator[Page]:
    """In a context of its own, where the console may tell of errors."""
    with closing(browser.new_context()) as context:
        page = context.new_page()
        sign_in(page, shown)
        page.clock.install()
        yield page


def test_the_overview_is_live(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.clock.install()
    page.goto(shown.url)
    networks = page.get_by_role("region", name="Networks")
    expect(networks.get_by_text("Ready")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    shown.execute(NOTICED.format("NULL"))
    page.clock.fast_forward(REFRESH_MS)
    expect(networks.get_by_text("All zones broken")).to_be_visible(timeout=NEWS_MS)
    expect(networks.get_by_text("Ready")).to_have_count(0)
    shown.execute(NOTICED.format("expected_ip"))
    page.clock.fast_forward(REFRESH_MS)
    expect(networks.get_by_text("Ready")).to_be_visible(timeout=NEWS_MS)


def test_lists_and_pages_of_what_is_settled_are_live(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    paths = (
        "/networks",
        "/functions",
        "/addresses",
        "/networks/production",
        "/functions/top-clans",
    )
    page.context.clock.install()
    tabs = [page.context.new_page() for _ in paths]
    for tab, path in zip(tabs, paths, strict=True):
        tab.goto(f"{shown.url}{path}")
        expect(tab.locator(".live.ok")).to_have_text("Live")
    for seen, count in (("NULL", 1), ("expected_ip", 0)):
        shown.execute(NOTICED.format(seen))
        for tab in tabs:
            tab.bring_to_front()
            tab.clock.fast_forward(REFRESH_MS)
            alarm = tab.locator(".badge", has_text="All zones broken")
            expect(alarm.first).to_be_visible(visible=bool(count), timeout=NEWS_MS)
    expect(tabs[3]).to_have_title("Ready: production · Egret")
    for tab in tabs:
        tab.close()


def test_a_page_comes_back_by_itself_when_its_stream_and_then_the_page_were_refused(
    unwatched: Page, shown: Dashboard
) -> None:
    page = unwatched
    shown.execute(STATUS.format("updating"))
    page.route("**/stream?*", refuse, times=1)
    page.goto(f"{shown.url}/functions/top-clans")
    state = page.locator("#events [data-state]")
    expect(state).to_contain_text("Disconnected. This page is loaded again")
    page.clock.fast_forward(RELOAD_MS)
    expect(state).to_have_text("Live")
    page.route("**/functions/top-clans", refuse, times=1)
    shown.execute(STATUS.format("ready"))
    expect(page.locator("#status .badge").first).to_have_text("Ready", timeout=NEWS_MS)
    expect(state).to_contain_text("Disconnected. This page is loaded again")
    page.clock.fast_forward(RELOAD_MS)
    expect(state).to_have_count(0)
    expect(page.get_by_role("heading", name="Deployment events")).to_be_visible()


def test_a_form_that_waits_for_its_network_goes_on_when_its_stream_was_refused(
    unwatched: Page, shown: Dashboard
) -> None:
    page = unwatched
    shown.execute(NETWORK_STATUS.format("updating"))
    page.route("**/stream", refuse, times=1)
    with page.expect_response("**/stream"):
        page.goto(f"{shown.url}/functions/new")
    shown.execute(NETWORK_STATUS.format("ready"))
    expect(page.get_by_text("This page continues automatically")).to_be_visible()
    page.clock.fast_forward(RELOAD_MS)
    expect(page.get_by_role("button", name="Deploy function")).to_be_visible()


def refuse(route: Route) -> None:
    route.fulfill(status=503)


def test_an_open_overview_says_when_its_session_has_ended(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.clock.install()
    page.goto(shown.url)
    page.context.clear_cookies()
    page.clock.fast_forward(REFRESH_MS)
    expect(page.get_by_text("Signed out. Reload the page.")).to_be_visible()


def test_a_slow_partner_is_waited_for_visibly_and_asked_once(page: Page, shown: Dashboard) -> None:
    """Inside the page: Playwright itself waits until a navigation is over."""
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/top-clans")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/snapshots", hold)
    busy, waiting = page.evaluate(PRESS_TWICE)
    assert (busy, waiting) == ("true", WAITING)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_url("**/functions/top-clans#preview")
    expect(page.get_by_text(WAITING)).to_have_count(0)


def test_a_button_stays_busy_when_the_page_around_it_is_brought_up_to_date(
    page: Page, shown: Dashboard
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/top-clans")
    page.route("**/snapshots", lambda _: None)
    assert page.evaluate(PRESS_AND_UPDATE) == ["true", WAITING]


def test_focus_goes_to_the_heading_when_what_had_it_is_gone(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/networks/production")
    assert page.evaluate(UPDATE_WITHOUT_BUTTON) == "h1"


def test_a_slow_link_shows_that_it_works(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/networks/production")
    page.route("**/diagnosis", lambda _: None)
    busy = page.evaluate(
        "() => { const link = document.querySelector('a[data-slow]'); link.click(); "
        "return [link.ariaBusy, document.getElementById('announcer').textContent]; }"
    )
    assert busy == ["true", "Checking\u2026"]
