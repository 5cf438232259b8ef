"""The check before a network is created, in a browser."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import sign_in

SIZES: tuple[ViewportSize, ...] = (
    {"width": 375, "height": 800},
    {"width": 1280, "height": 900},
)


def test_the_form_is_checked_and_keeps_what_was_typed(
    page: Page, shown: Dashboard, screenshots: Path | None
) -> None:
    sign_in(page, shown)
    for theme in ("light", "dark"):
        for size in SIZES:
            page.set_viewport_size(size)
            page.goto(f"{shown.url}/networks/new")
            page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
            page.reload()
            page.get_by_label("Name").fill("planned")
            page.get_by_role("button", name="Check first").click()
            expect(page.get_by_text("planned can be created.")).to_be_visible()
            expect(page.get_by_label("Name")).to_have_value("planned")
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            if screenshots:
                picture = screenshots / f"preflight-{theme}-{size['width']}.png"
                page.screenshot(path=picture, full_page=True)
        violations = Axe().run(page).response["violations"]
        assert not violations, [(v["id"], v["nodes"][0]["html"]) for v in violations]
    page.get_by_text("Environment, zones, CIDR range and tags").click()
    page.get_by_label("VPC CIDR range").fill("10.0.0.0/16")
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_text("planned can't be created like this.")).to_be_visible()
