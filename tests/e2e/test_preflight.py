"""The check before a network is created, in a browser."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.axe import SIZES, check_themes
from tests.e2e.conftest import sign_in


def test_the_form_is_checked_and_keeps_what_was_typed(
    page: Page, shown: Dashboard, screenshots: Path | None
) -> None:
    sign_in(page, shown)
    for size in reversed(SIZES):
        page.set_viewport_size(size)
        page.goto(f"{shown.url}/networks/new")
        page.get_by_label("Name").fill("planned")
        page.get_by_role("button", name="Check first").click()
        expect(page.get_by_text("planned can be created.")).to_be_visible()
        expect(page.get_by_label("Name")).to_have_value("planned")
        check_themes(page, "preflight", screenshots, only_fits=size != SIZES[0])
    page.get_by_text("Environment, zones, CIDR range and tags").click()
    page.get_by_label("VPC CIDR range").fill("10.0.0.0/16")
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_text("planned can't be created like this.")).to_be_visible()
