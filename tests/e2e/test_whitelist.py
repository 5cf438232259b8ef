"""The whitelist page in a browser, and its public link without signing in."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests import plain_http
from tests.dashboard import Dashboard
from tests.e2e.axe import check
from tests.e2e.conftest import sign_in

PATH = "/networks/production/whitelist"


def test_addresses_are_copied_and_partners_are_tracked(
    page: Page, shown: Dashboard, screenshots: Path | None
) -> None:
    api = shown.api()
    ip = api.get("/networks/production").json()["addresses"][0]["public_ip"]
    sign_in(page, shown)
    page.goto(f"{shown.url}/networks/production")
    page.get_by_role("link", name="Other formats").click()
    page.get_by_label("Partner", exact=True).fill("Supercell")
    page.get_by_label("Called by").select_option("top-clans")
    page.get_by_role("button", name="Mark as sent").click()
    expect(page.get_by_text("Marked as sent to Supercell.")).to_be_visible()
    page.get_by_role("button", name="Mark Supercell as confirmed").click()
    expect(page.get_by_text("Confirmed, untested")).to_be_visible()
    api.post("/functions/top-clans/snapshots").raise_for_status()
    page.reload()
    expect(page.get_by_text("Verified", exact=True)).to_be_visible()
    page.get_by_role("button", name="Create public link").click()
    check(page, f"{shown.url}{PATH}", "whitelist", screenshots)
    page.get_by_role("button", name="Copy the addresses with /32").click()
    assert page.evaluate("navigator.clipboard.readText()") == f"{ip}/32"
    url = page.locator("#link ~ .paste code").inner_text()
    assert url.startswith(f"{shown.url}/whitelist/")
    answer = plain_http.get(url)
    assert (answer.status_code, answer.json()["addresses"]) == (200, [ip])
    assert answer.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=300"
    assert plain_http.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert plain_http.get(f"{url}.txt").text == f"{ip}\n"
    page.get_by_role("button", name="Withdraw link").click()
    expect(page.get_by_text("Public link withdrawn.")).to_be_visible()
    assert plain_http.get(url).status_code == 404
    shown.execute("UPDATE whitelisting SET addresses = '[]'")
    page.reload()
    expect(page.get_by_text(f"Outdated: {ip} hasn't been sent.")).to_be_visible()
    page.get_by_role("button", name="Mark as sent again").click()
    expect(page.get_by_text("Outdated")).to_have_count(0)
    page.get_by_role("button", name="Remove Supercell").click()
    expect(page.get_by_text("Removed Supercell from this list.")).to_be_visible()
    expect(page.locator("strong.name")).to_have_count(0)


def test_the_api_gives_the_same(shown: Dashboard) -> None:
    api = shown.api()
    kit = api.get(PATH).raise_for_status().json()
    assert kit["cidrs"] == [f"{ip}/32" for ip in kit["addresses"]]
    sent = api.post(f"{PATH}/partners", {"partner": "The bank"}).raise_for_status().json()
    partner = f"{PATH}/partners/{sent['id']}"
    assert api.post(f"{partner}/confirmation").json()["stage"] == "confirmed"
    assert api.post(f"{partner}/sending").json()["stage"] == "sent"
    assert [p["partner"] for p in api.get(PATH).json()["partners"]] == ["The bank"]
    assert api.delete(partner).status_code == 204
    assert api.post(f"{partner}/confirmation").status_code == 404
    link = api.post(f"{PATH}/link").json()["link"]
    assert plain_http.get(f"{shown.url}{link}").status_code == 200
    assert api.delete(f"{PATH}/link").json()["link"] is None
