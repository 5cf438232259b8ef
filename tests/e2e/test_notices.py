"""What an action has done is said where the eye is: at its part of the page, at every width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import sign_in

SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 720}, {"width": 375, "height": 667})
IN_SIGHT = """() => {
  const notice = document.querySelector(".of-action .notice").getBoundingClientRect();
  const target = document.querySelector(location.hash || "main").getBoundingClientRect();
  const whole = notice.top >= 0 && notice.bottom <= innerHeight;
  return [whole, !location.hash || (target.top >= notice.bottom - 1 && target.top < innerHeight)];
}"""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_every_action_says_what_it_did_in_sight(
    page: Page, shown: Dashboard, size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    sign_in(page, shown)

    def does(button: str, notice: str, before: Callable[[], object] = lambda: None) -> None:
        before()
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(page.locator(".of-action")).to_contain_text(notice)
        assert page.evaluate(IN_SIGHT) == [True, True], (button, page.url)
        expect(page.get_by_role("status").filter(has_text=notice)).to_have_count(1)

    page.goto(f"{shown.url}/networks/production")
    does("Protect from deletion", "production is now protected")
    does("Turn off protection", "production is no longer protected")
    does("Test again", "every zone calls from its address")
    does("Preview change to 3 zones, one NAT gateway", "Nothing changes until you confirm it.")
    does("Withdraw change", "Change withdrawn.")
    page.goto(f"{shown.url}/networks/production/whitelist")
    partner = page.get_by_label("Partner", exact=True)
    does("Mark as sent", "Marked as sent to Ann.", lambda: partner.fill("Ann"))
    does("Mark Ann as confirmed", "Marked as confirmed by Ann.")
    partner.fill(" ann")
    page.get_by_role("button", name="Mark as sent", exact=True).click()
    expect(page.get_by_text("Ann is on this list already.")).to_be_in_viewport()
    does("Remove Ann", "Removed Ann from this list.")
    does("Create public link", "Public link created.")
    does("Disable link", "Public link disabled.")
    page.goto(f"{shown.url}/networks/production/schedule")
    does("Save", "Schedule removed.")
    page.goto(f"{shown.url}/functions/top-clans")
    does("Fetch now", "Fetched a new response.")
    page.goto(f"{shown.url}/addresses")
    page.get_by_text("Rename").click()
    does("Save", "Renamed")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".of-action")).to_have_count(0)
