"""Forms in a browser: nothing typed is lost, and the address bar always leads to the page."""

import re

from playwright.sync_api import Page, expect

from tests.dashboard import PASSWORD, USER, Dashboard
from tests.e2e.conftest import sign_in, sign_in_by_form

FREE = "INSERT INTO address (id, region, public_ip, allocation_id, position, name, status, \
created_at) VALUES ('elsewhere', 'us-east-1', '203.0.113.250', 'eipalloc-0', 0, '', 'free', \
'2026-01-01 00:00:00')"


def test_a_form_sent_after_the_session_ended_is_there_after_signing_in(
    page: Page, shown: Dashboard
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/new")
    page.get_by_label("Name").fill("kept-for-me")
    page.get_by_label("Location", exact=True).select_option("France (FR)")
    page.get_by_label("How many rows").fill("42")
    page.get_by_label("Signed AWS requests").check()
    page.get_by_text("More: environment, calls from web pages").click()
    page.get_by_label("Allowed origin").fill("https://kept.example")
    page.context.clear_cookies()
    page.get_by_role("button", name="Deploy function").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    expect(page.get_by_text("Your form is kept.")).to_be_visible()
    page.get_by_label("Name").fill(USER)
    page.get_by_label("Password").fill("wrong at first")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Name")).to_have_value("kept-for-me")
    expect(page.locator("#settings\\.location")).to_have_value("32000087")
    expect(page.get_by_label("How many rows")).to_have_value("42")
    expect(page.get_by_label("Signed AWS requests")).to_be_checked()
    expect(page.get_by_label("Allowed origin")).to_have_value("https://kept.example")
    assert shown.api().get("/functions/kept-for-me").status_code == 404


def test_the_address_of_every_answer_to_a_form_can_be_entered_again(
    page: Page, shown: Dashboard
) -> None:
    sign_in(page, shown)
    home = shown.url

    def enter(expected: str) -> None:
        """Press Enter in the address bar, then reload."""
        expect(page).to_have_url(re.compile(re.escape(f"{home}{expected}")))
        for answer in (page.goto(page.url.partition("#")[0]), page.reload()):
            assert answer
            assert answer.status == 200, page.url

    page.goto(f"{home}/networks/new")
    page.get_by_label("Name").fill("production")
    page.get_by_role("button", name="Create network").click()
    enter("/networks/new?name=production")
    expect(page.get_by_label("Name")).to_have_value("production")
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_text("production can't be created like this.")).to_be_visible()
    page.get_by_label("Name").fill("planned")
    page.get_by_role("button", name="Check first").click()
    enter("/networks/preflight?name=planned")
    expect(page.get_by_text("planned can be created.")).to_be_visible()
    page.goto(f"{home}/keys/new")
    page.get_by_label("Name").fill("a-key")
    page.get_by_label("Key", exact=True).fill("no key")
    page.get_by_role("button", name="Encrypt and store").click()
    enter("/keys/new?name=a-key")
    page.goto(f"{home}/functions/new")
    page.get_by_label("Name").fill("names")
    page.get_by_role("button", name="Deploy function").click()
    enter("/functions/new?")
    expect(page.get_by_label("Name")).to_have_value("names")
    page.goto(f"{home}/functions/top-clans/callers")
    page.get_by_text("New key", exact=True).click()
    page.get_by_role("button", name="Make a new key").click()
    expect(page.get_by_text("it is shown only this once")).to_be_visible()
    enter("/functions/top-clans/callers")
    expect(page.get_by_text("it is shown only this once")).to_have_count(0)
    for path in ("/networks/production", "/functions/top-clans", "/keys/clash"):
        page.goto(f"{home}{path}/deletion")
        expect(page).to_have_url(f"{home}{path}")
    page.goto(f"{home}/networks/production/schedule")
    page.get_by_label("Park after idle hours").fill("0009999")
    page.get_by_role("button", name="Save").click()
    enter("/networks/production/schedule?")
    expect(page.get_by_label("Park after idle hours")).to_have_value("0009999")
    page.goto(f"{home}/addresses")
    page.get_by_text("Adopt an existing address").click()
    page.get_by_label("Allocation ID or IP").fill("192.0.2.1")
    page.get_by_role("button", name="Adopt").click()
    enter("/addresses?")
    expect(page.get_by_label("Allocation ID or IP")).to_have_value("192.0.2.1")


def test_back_shows_no_page_after_signing_out(page: Page, shown: Dashboard) -> None:
    sign_in_by_form(page, shown)
    expect(page).to_have_url(f"{shown.url}/")
    page.goto(f"{shown.url}/keys/clash")
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Egret")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_free_addresses_of_another_region_are_told_where_they_are(
    page: Page, shown: Dashboard
) -> None:
    shown.execute(FREE)
    sign_in(page, shown)
    page.goto(f"{shown.url}/networks/new")
    expect(page.get_by_text("None of your free addresses is in this region")).to_be_visible()
    expect(page.get_by_text("1 in us-east-1")).to_be_visible()
    page.get_by_label("Region").select_option("us-east-1")
    expect(page.get_by_text("None of your free addresses is in this region")).to_be_hidden()
    expect(page.get_by_label("203.0.113.250")).to_be_visible()
    shown.execute("DELETE FROM address WHERE id = 'elsewhere'")


def test_the_function_form_waits_for_the_network_and_goes_on_by_itself(
    page: Page, shown: Dashboard
) -> None:
    shown.execute("UPDATE network SET status = 'creating'")
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/new?name=patient")
    expect(page.get_by_text("is creating:")).to_be_visible()
    expect(page.get_by_text("typically")).to_be_visible()
    expect(page.get_by_role("link", name="create one")).to_have_count(0)
    shown.execute("UPDATE network SET status = 'ready', version = version + 1")
    expect(page.get_by_label("Name")).to_have_value("patient")
    expect(page.get_by_label("Key", exact=True)).to_have_value("clash")
