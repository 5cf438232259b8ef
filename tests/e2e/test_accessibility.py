"""Every page by axe, in both themes and widths; and for users with settings of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import execute, sign_in
from webapp.sandbox.launcher import Sandbox

SIZES: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 900},
    {"width": 375, "height": 800},
)
SMALLEST: ViewportSize = {"width": 320, "height": 640}
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
    "/addresses",
    "/orphans",
    "/keys",
    "/keys/new",
    "/keys/clash",
    "/functions",
    "/functions/new",
    "/functions/top-clans",
    "/functions/top-clans/diagnosis",
    "/nothing-here",
)
CONTENT = "getComputedStyle(document.querySelector('{}'), '{}').{}"


@pytest.fixture(scope="module")
def signed_in(browser: Browser, shown: Dashboard) -> Iterator[Page]:
    """One page for all tests of this module that only read."""
    page = browser.new_page()
    sign_in(page, shown)
    yield page
    page.close()


@pytest.fixture
def busy(shown: Dashboard) -> Iterator[None]:
    """The network looks as if it were being updated; no process works on it."""
    execute(shown, "UPDATE network SET status = 'updating' WHERE name = 'production'")
    yield
    execute(shown, "UPDATE network SET status = 'ready' WHERE name = 'production'")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_a_rule_of_accessibility(
    signed_in: Page, shown: Dashboard, path: str, screenshots: Path | None
) -> None:
    page = signed_in
    page.goto(f"{shown.url}{path}")
    name = path.partition("?")[0].strip("/").replace("/", "-") or "overview"
    check_all(page, name, screenshots)


def test_nor_does_a_page_before_signing_in(page: Page, shown: Dashboard) -> None:
    page.goto(f"{shown.url}/sign-in")
    check_all(page, "sign-in", None)


def test_the_sandbox_portal_breaks_no_rule_either(page: Page, sandbox: Sandbox) -> None:
    page.goto(sandbox.info.portal_url)
    assert violations(page) == []


@pytest.mark.usefixtures("busy")
def test_nothing_moves_where_less_motion_is_wanted(browser: Browser, shown: Dashboard) -> None:
    for wanted, moving in (("no-preference", True), ("reduce", False)):
        page = browser.new_page(reduced_motion=wanted)  # type: ignore[arg-type]
        sign_in(page, shown)
        page.goto(f"{shown.url}/networks/production")
        expect(page.locator(".live.ok")).to_have_text("Live")
        for part, pseudo in ((".live", "::before"), (".badge.busy > svg", "")):
            animation = page.evaluate(CONTENT.format(part, pseudo, "animationName"))
            assert (animation != "none") == moving, (wanted, part)
        page.close()


@pytest.mark.usefixtures("busy")
def test_in_forced_colours_what_a_colour_says_is_still_there(
    browser: Browser, shown: Dashboard
) -> None:
    page = browser.new_page(forced_colors="active")
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


def check_all(page: Page, name: str, screenshots: Path | None) -> None:
    """Both themes in both widths, and the smallest width."""
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        for size in SIZES:
            page.set_viewport_size(size)
            assert not violations(page), (theme, size)
            if screenshots:
                picture = screenshots / f"{name}-{theme}-{size['width']}.png"
                page.screenshot(path=picture, full_page=True)
    page.set_viewport_size(SMALLEST)
    assert not overflow(page)


def violations(page: Page) -> list[tuple[str, str]]:
    """Rules that the page breaks at this width, each with the first place; and that it fits."""
    assert not overflow(page)
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found]


def overflow(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide
