"""Every page by axe, in both themes and widths; and for users with settings of their own."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard import Dashboard
from tests.e2e.axe import AXE, SIZES, check_all
from tests.e2e.conftest import sign_in
from webapp.sandbox.launcher import Sandbox

PREFLIGHT = "/networks/preflight?name=planned&region=eu-central-1&availability_zones=2&nat=single"
PAGES = (
    "/",
    "/networks",
    "/networks/new",
    PREFLIGHT,
    "/networks/production",
    "/networks/production/whitelist",
    "/networks/production/schedule?weekly=on",
    "/networks/production/diagnosis",
    "/networks/production/drift",
    "/networks/production/metrics",
    "/addresses",
    "/orphans",
    "/keys",
    "/keys/new",
    "/keys/clash",
    "/functions",
    "/functions/new",
    "/functions/new?template=http_json",
    "/templates",
    "/account",
    "/account/second-factor",
    "/confirm-identity?next=/keys",
    "/people",
    "/people/ada",
    "/tokens",
    "/settings",
    "/api",
    "/api?tag=networks",
    "/functions/top-clans",
    "/functions/top-clans/callers",
    "/functions/top-clans/diagnosis",
    "/functions/top-clans/requests",
    "/functions/top-clans/logs",
    "/functions/top-clans/console?method=POST",
    "/functions/top-clans/edit",
    "/functions/top-clans/revisions",
    "/functions/top-clans/revisions/1",
    "/functions/top-clans/metrics",
    "/accounts",
    "/accounts/shop",
    "/activity",
    "/activity?result=refused&name=nothing",
    "/nothing-here",
)
SEND = """path => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: path});
  document.body.append(form);
  form.submit();
}"""
MOVING = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  ["", "::before", "::after"].map((part) => {
    const style = getComputedStyle(element, part);
    const moves = style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
    return moves && (element.getAttribute("class") ?? element.localName) + part;
  })).filter(Boolean)"""
"""Every part of the page that moves, or would when it changes."""
SOME_THAT_MOVE = {"live ok::before", "a::after"}
UNSTOPPED = """() => {
  const walk = (rules) => [...rules].flatMap((rule) => {
    if (rule.conditionText?.includes("prefers-reduced-motion")) return [];
    const moves = rule.style?.animationName || rule.style?.transitionProperty;
    const inside = rule.cssRules ? walk(rule.cssRules) : [];
    return moves && /::(?!before|after)/.test(rule.selectorText) ? [rule.selectorText] : inside;
  });
  return [...document.styleSheets].flatMap((sheet) => walk(sheet.cssRules));
}"""
"""Parts that only the browser sees, such as a progress bar's: `*` does not stop their motion."""
CONTENT = "getComputedStyle(document.querySelector('{}'), '{}').{}"


@pytest.fixture(scope="module")
def signed_in(browser: Browser, shown: Dashboard) -> Iterator[Page]:
    """One page for all tests of this module that only read."""
    page = browser.new_page(reduced_motion="reduce")
    page.add_init_script(AXE)  # it is half a megabyte: sent once, not for every page
    sign_in(page, shown)
    yield page
    page.close()


@pytest.fixture
def busy(shown: Dashboard) -> Iterator[None]:
    """The network looks as if it were being updated; no process works on it."""
    shown.execute("UPDATE network SET status = 'updating' WHERE name = 'production'")
    yield
    shown.execute("UPDATE network SET status = 'ready' WHERE name = 'production'")


@pytest.fixture
def alarms(shown: Dashboard) -> Iterator[None]:
    """The newest tests saw no call arrive."""
    shown.execute("UPDATE proof SET seen_ip = NULL")
    yield
    shown.execute("UPDATE proof SET seen_ip = expected_ip")


@pytest.fixture
def without_users(shown: Dashboard) -> Iterator[None]:
    shown.execute('CREATE TABLE kept AS SELECT * FROM "user"')
    shown.execute('DELETE FROM "user"')
    yield
    shown.execute('INSERT INTO "user" SELECT * FROM kept')
    shown.execute("DROP TABLE kept")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_a_rule_of_accessibility(
    signed_in: Page, shown: Dashboard, path: str, screenshots: Path | None
) -> None:
    page = signed_in
    page.goto(f"{shown.url}{path}")
    name = path.partition("?")[0].strip("/").replace("/", "-") or "overview"
    check_all(page, name, screenshots)


def test_nor_does_the_page_for_signing_in(page: Page, shown: Dashboard) -> None:
    page.goto(f"{shown.url}/sign-in")
    check_all(page, "sign-in", None)


@pytest.mark.usefixtures("without_users")
def test_nor_does_the_page_of_the_first_start(page: Page, shown: Dashboard) -> None:
    page.goto(f"{shown.url}/setup")
    expect(page.get_by_role("heading", name="Welcome to Egret")).to_be_visible()
    check_all(page, "setup", None)


def test_nor_does_the_page_of_a_conflict(signed_in: Page, shown: Dashboard) -> None:
    signed_in.goto(f"{shown.url}/networks/production")
    with signed_in.expect_navigation():
        signed_in.evaluate(SEND, "/networks/production/attempts")
    expect(signed_in.get_by_role("link", name="Open production")).to_be_visible()
    check_all(signed_in, "conflict", None)


@pytest.mark.usefixtures("busy")
def test_nor_does_the_function_form_while_it_waits(signed_in: Page, shown: Dashboard) -> None:
    signed_in.goto(f"{shown.url}/functions/new")
    expect(signed_in.get_by_text("This page continues automatically")).to_be_visible()
    check_all(signed_in, "waiting", None)
    signed_in.goto("about:blank")  # it would load itself again in the middle of the next test


@pytest.mark.usefixtures("alarms")
def test_nor_does_an_overview_with_alarms(signed_in: Page, shown: Dashboard) -> None:
    signed_in.goto(shown.url)
    expect(signed_in.get_by_text("All zones broken", exact=True)).to_be_visible()
    check_all(signed_in, "alarms", None)


def test_the_sandbox_portal_breaks_no_rule_either(page: Page, sandbox: Sandbox) -> None:
    page.goto(sandbox.info.portal_url)
    check_all(page, "portal", None)


def test_a_theme_that_was_chosen_stays(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/keys")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto(f"{shown.url}/keys/new")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.usefixtures("busy")
def test_nothing_moves_where_less_motion_is_wanted(browser: Browser, shown: Dashboard) -> None:
    for wanted, moving in (("no-preference", True), ("reduce", False)):
        page = browser.new_page(reduced_motion=wanted)  # type: ignore[arg-type]  # str, no Literal
        sign_in(page, shown)
        page.goto(f"{shown.url}/networks/production")
        expect(page.locator(".live.ok")).to_have_text("Live")
        slow = page.locator("a[data-slow]").first
        slow.evaluate("link => link.setAttribute('aria-busy', '')")
        assert bool(page.evaluate("document.getAnimations().length")) == moving
        found = {*page.evaluate(MOVING)}
        assert found >= SOME_THAT_MOVE if moving else not found, found
        assert not page.evaluate(UNSTOPPED)
        page.close()


@pytest.mark.usefixtures("busy")
def test_in_forced_colours_what_a_colour_says_is_still_there(
    browser: Browser, shown: Dashboard
) -> None:
    page = browser.new_page(forced_colors="active", reduced_motion="reduce")
    sign_in(page, shown)
    page.goto(f"{shown.url}/networks/production")
    border = "borderBottomColor"
    canvas = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert page.evaluate(CONTENT.format(".nav [aria-current]", "", border)) != canvas
    assert page.evaluate(CONTENT.format(".nav a:not([aria-current])", "", border)) == canvas
    for part, pseudo, style in (
        (".live", "::before", "backgroundColor"),
        ("progress", "::-webkit-progress-value", "backgroundColor"),
        (".topology text", "", "fill"),
        (".topology .wire", "", "stroke"),
    ):
        assert page.evaluate(CONTENT.format(part, pseudo, style)) != canvas, part
    page.goto(f"{shown.url}/networks/new")
    assert page.evaluate(CONTENT.format("#region", "", "appearance")) == "auto"
    assert page.evaluate(CONTENT.format("#region", "", "backgroundImage")) == "none"
    assert page.evaluate(CONTENT.format(".primary", "", "backgroundColor")) != canvas
    page.close()


def test_deployment_events_are_shown_in_whole_lines(signed_in: Page, shown: Dashboard) -> None:
    reason = token_hex(200)
    long = f"UPDATE stack_event SET reason = '{reason}', status = 'CREATE_FAILED'"
    shown.execute("CREATE TABLE kept AS SELECT * FROM stack_event")
    shown.execute(f"{long} WHERE id % 5 = 0")
    for size, lines in zip(SIZES, (16, 7), strict=True):
        signed_in.set_viewport_size(size)
        signed_in.goto(f"{shown.url}/networks/production")
        events = signed_in.locator(".timeline li")
        expect(events.filter(visible=True)).to_have_count(lines)
        list_height = signed_in.locator(".timeline").evaluate(
            "e => e.scrollHeight - e.clientHeight"
        )
        assert list_height == 0
        signed_in.get_by_text("Earlier events").click()
        assert events.filter(visible=True).count() == events.count() > lines
    shown.execute("DELETE FROM stack_event")
    shown.execute("INSERT INTO stack_event SELECT * FROM kept")
    shown.execute("DROP TABLE kept")
