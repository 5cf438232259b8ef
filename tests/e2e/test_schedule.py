"""The parking schedule of a network, in a browser."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.axe import check
from tests.e2e.conftest import sign_in

NETWORK = "/networks/production"


def test_a_schedule_is_set_and_removed(
    page: Page, shown: Dashboard, screenshots: Path | None
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}{NETWORK}")
    page.get_by_role("link", name="Schedule parking").click()
    check(page, f"{shown.url}{NETWORK}/schedule", "schedule", screenshots)
    page.get_by_label("Run only during these hours").check()
    for day in ("Sat", "Sun"):
        page.get_by_label(day, exact=True).check()
    page.get_by_label("From").fill("00:00")
    page.get_by_label("To", exact=True).fill("00:00")
    page.get_by_label("Time zone").fill("Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("There is no time zone 'Berlin'.").first).to_be_visible()
    expect(page.get_by_label("Sat", exact=True)).to_be_checked()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("from 00:00 to 00:00 Europe/Berlin.")).to_be_visible()
    page.get_by_role("link", name="Change schedule").click()
    page.get_by_label("Run only during these hours").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Schedule parking")).to_be_visible()
