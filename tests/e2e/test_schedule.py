"""Telling a network when to be parked, in a browser."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import sign_in
from tests.e2e.test_diagnosis import check

NETWORK = "/networks/production"


def test_hours_are_chosen_and_taken_back(
    page: Page, shown: Dashboard, screenshots: Path | None
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}{NETWORK}")
    page.get_by_role("link", name="Let it park by itself").click()
    check(page, f"{NETWORK}/schedule", shown, screenshots, "schedule")
    page.get_by_label("It runs in these hours only").check()
    for day in ("Sat", "Sun"):
        page.get_by_label(day).check()
    page.get_by_label("From").fill("00:00")
    page.get_by_label("To", exact=True).fill("00:00")
    page.get_by_label("Time zone").fill("Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("There is no time zone 'Berlin'.").first).to_be_visible()
    expect(page.get_by_label("Sat")).to_be_checked()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("from 00:00 to 00:00 Europe/Berlin.")).to_be_visible()
    page.get_by_role("link", name="Change it").click()
    page.get_by_label("It runs in these hours only").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Let it park by itself")).to_be_visible()
