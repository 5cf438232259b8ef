"""A function is tried out, its call is found again, and its log is followed while it is called."""

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.conftest import says, sign_in


def test_a_call_from_the_console_is_found_in_requests_and_log(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    home = f"{shown.url}/functions/names"
    page.goto(f"{home}/console")
    page.get_by_label("Query", exact=True).fill("from=console")
    page.get_by_label("Save as", exact=True).fill("from the console")
    page.get_by_role("button", name="Save", exact=True).click()
    says(page, "from the console is saved.")
    page.get_by_role("link", name="from the console").click()
    expect(page.get_by_label("Query", exact=True)).to_have_value("from=console")
    page.get_by_role("button", name="Run", exact=True).click()
    result = page.get_by_label("Result", exact=True)
    expect(result).to_contain_text("of 256 MB")
    expect(result.get_by_label("Body", exact=True)).to_contain_text('"items": [')
    request_id = result.locator("dd a").inner_text()
    page.goto(f"{home}/requests")
    page.locator("tr.call").first.get_by_role("link").click()
    expect(page.locator("#log li").first).to_contain_text(f"START RequestId: {request_id}")
    expect(page.locator("#log li").last).to_contain_text("REPORT RequestId: ")


def test_new_lines_appear_while_a_log_is_followed(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/names/logs?filter=RequestId&range=15m")
    before = page.locator("#log li").count()
    page.get_by_role("button", name="Start live tail").click()
    expect(page.locator("live-tail")).to_contain_text("Live")
    shown.api().post("/functions/names/invocations").raise_for_status()
    expect(page.locator("#log li")).to_have_count(before + 3, timeout=10_000)
    page.get_by_role("button", name="Stop live tail").click()
    expect(page.locator("live-tail")).to_contain_text("Stopped")
