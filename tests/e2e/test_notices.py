"""What an action has done is said where the eye is: at its part of the page, at every width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import says, sign_in
from tests.portal import addresses_of, partner_key
from webapp.sandbox.launcher import Sandbox

SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 720}, {"width": 375, "height": 667})


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_every_action_says_what_it_did_in_sight(
    page: Page, shown: Dashboard, size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    sign_in(page, shown)

    def does(button: str, notice: str, before: Callable[[], object] = lambda: None) -> None:
        before()
        page.get_by_role("button", name=button, exact=True).first.click()
        says(page, notice)

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
    expect(page.get_by_text("Ann is already on this list.")).to_be_in_viewport()
    does("Remove Ann", "Removed Ann from this list.")
    does("Create public link", "Public link created.")
    does("Withdraw link", "Public link withdrawn.")
    page.goto(f"{shown.url}/networks/production/schedule")
    does("Save", "Schedule removed.")
    page.goto(f"{shown.url}/functions/top-clans")
    does("Fetch now", "Fetched a new response.")
    page.goto(f"{shown.url}/addresses")
    page.get_by_text("Rename").click()
    does("Save", "Renamed")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".of-action")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_so_does_every_action_that_works_on_aws(
    page: Page, shown: Dashboard, sandbox: Sandbox, size: ViewportSize
) -> None:
    """What has to be typed for a deletion is the name of the thing."""
    page.set_viewport_size(size)
    sign_in(page, shown)
    api = shown.api()
    ips = addresses_of(api.get("/networks/production").json())
    api.post("/keys", {"name": "spare", "secret": partner_key(sandbox, ips)}).raise_for_status()

    def press(path: str, button: str, notice: str, *, open: str = "", fill: str = "") -> None:
        page.goto(f"{shown.url}{path}")
        if open:
            page.locator("summary").filter(has_text=open).last.click()
        if fill:
            form = page.locator("form").filter(has=page.get_by_role("button", name=button)).last
            form.locator("input:not([type=hidden]), textarea").last.fill(fill)
        page.get_by_role("button", name=button, exact=True).last.click()
        says(page, notice)

    press("/networks/production/drift", "Check stack", "CloudFormation checked the stack.")
    upload = {"open": "Upload a new version", "fill": partner_key(sandbox, ips)}
    press("/keys/spare", "Encrypt and store", "New version stored", **upload)
    press("/keys/spare", "Make the previous one current", "is current again")
    press("/keys/spare", "Delete key", "Key spare deleted.", open="Delete this key", fill="spare")
    press("/addresses", "Allocate address", "Allocated")
    (free,) = [a for a in api.get("/addresses").json()["items"] if a["status"] == "free"]
    shown.execute(f"UPDATE address SET status = 'lost' WHERE id = '{free['id']}'")
    press("/addresses", "Recover address", f"Recovered {free['public_ip']}.")
    ip = free["public_ip"]
    shown.execute(f"DELETE FROM address WHERE id = '{free['id']}'")
    press("/orphans", f"Adopt {ip}", f"Adopted {ip}.")
    press("/addresses", "Release address", f"Released {ip}.", open="Release this", fill=ip)
    shown.execute("UPDATE function SET status = 'failed' WHERE name = 'names'")
    press("/functions/names", "Try again", "Retrying names.")
    api.settled("/functions/names")
    shown.execute(f"UPDATE address SET public_ip = '192.0.2.1' WHERE public_ip = '{ips[0]}'")
    press("/networks/production", "Test again", "don't come from the expected address.")
    shown.execute(f"UPDATE address SET public_ip = '{ips[0]}' WHERE public_ip = '192.0.2.1'")
    shown.execute("DELETE FROM proof WHERE expected_ip = '192.0.2.1'")
    press("/networks/production", "Park", "production is parking.")
    api.settled("/networks/production")
    press("/networks/production", "Unpark", "production is unparking.")
    api.settled("/networks/production")
