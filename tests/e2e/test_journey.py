"""The main journey in a browser, clicked as a person would."""

import re

from playwright.sync_api import Browser, Page, expect
from sqlmodel import Session

from tests.dashboard import PASSWORD, USER, Dashboard
from tests.e2e.axe import violations
from tests.e2e.conftest import sign_in
from webapp.db import temporary_engine
from webapp.services import functions

READY_TIMEOUT_MS = 60_000
ADDRESS_TIMEOUT_MS = 15_000
BADGE_PIXELS = 70


def test_from_nothing_to_the_table_and_back(page: Page, fresh: Dashboard) -> None:
    set_up(page, fresh)
    address = create_network(page, "production")
    token = make_partner_key(page, [address], name="egret")
    upload_key(page, "clash", token)
    expect(page.get_by_text("Every address is allowed")).to_be_visible()
    expect(page.get_by_text("developer/silver")).to_be_visible()
    deploy_function(page, "top-clans", search="intern")
    rows = page.locator("table.ranking tbody tr")
    expect(rows).to_have_count(10, timeout=READY_TIMEOUT_MS)
    expect(rows.first).to_contain_text("Kings Rock")
    expect(page.locator(".provenance")).to_contain_text(address)
    badges = page.locator("table.ranking img")
    expect(badges).to_have_count(10)
    for badge in badges.all():
        badge.scroll_into_view_if_needed()
        expect(badge).to_have_js_property("naturalWidth", BADGE_PIXELS)
    expect(page.locator("#endpoint code").first).to_contain_text("curl -H")
    page.get_by_role("button", name="Fetch now").click()
    expect(rows).to_have_count(10)
    delete(page, f"{fresh.url}/functions/top-clans", "top-clans", "Delete function")
    expect(page).to_have_url(f"{fresh.url}/functions", timeout=READY_TIMEOUT_MS)
    delete(page, f"{fresh.url}/networks/production", "something", "Delete network", refused=True)
    delete(page, f"{fresh.url}/networks/production", "production", "Delete network")
    expect(page).to_have_url(f"{fresh.url}/networks", timeout=READY_TIMEOUT_MS)
    expect(page.get_by_text("production was deleted.")).to_be_visible()
    delete(page, f"{fresh.url}/keys/clash", "clash", "Delete key")
    expect(page).to_have_url(f"{fresh.url}/keys")
    page.goto(f"{fresh.url}/addresses")
    expect(page.locator("code.ip")).to_have_text(address)
    expect(page.locator(".badge").get_by_text("Free", exact=True)).to_be_visible()
    page.get_by_text("Release this address").click()
    page.get_by_label(re.compile("Type the address")).fill(address)
    page.get_by_role("button", name="Release address").click()
    expect(page.get_by_text(f"Released {address}.")).to_be_visible()
    expect(page.get_by_text("No addresses yet")).to_be_visible()


def test_the_wrong_address_is_explained_until_it_works(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    token = make_partner_key(page, ["198.51.100.5"], name="wrong", base=shown)
    page.goto(f"{shown.url}/keys/new")
    upload_key(page, "mistaken", token)
    paste = page.locator(".paste code").first.inner_text()
    page.goto(f"{shown.url}/functions/new")
    deploy_function(page, "corrected", key="mistaken")
    expect(page.locator("#key-error")).to_contain_text("does not allow")
    expect(page.get_by_label("Name")).to_have_value("corrected")
    token = make_partner_key(page, [paste], name="right", base=shown)
    page.goto(f"{shown.url}/keys/mistaken")
    page.get_by_text("Upload a new version").click()
    page.get_by_label("Key", exact=True).fill(token)
    page.get_by_role("button", name="Encrypt and store").click()
    expect(page.get_by_text("Every address is allowed")).to_be_visible()
    page.goto(f"{shown.url}/functions/new")
    deploy_function(page, "corrected", key="mistaken", search="united states")
    rows = page.locator("table.ranking tbody tr")
    expect(rows).to_have_count(10, timeout=READY_TIMEOUT_MS)


def test_the_overview_shows_the_first_rows_of_functions_that_answered(
    page: Page, shown: Dashboard
) -> None:
    sign_in(page, shown)
    page.goto(shown.url)
    card = page.get_by_role("region", name="names", exact=True)
    expect(card.locator("table.ranking tbody tr")).to_have_count(10)
    expect(page.locator("table.ranking")).to_have_count(2)
    card.get_by_role("link", name="Full response").click()
    expect(page).to_have_url(f"{shown.url}/functions/names")


def test_difficult_names_are_whole_escaped_and_isolated(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/names")
    names = page.locator("table.ranking bdi").all_inner_texts()
    assert "صقور العرب" in names
    assert "<script>alert(1)</script>" in names
    assert "Tom & Jerry <3" in names
    assert any(len(name) > 50 and name.startswith("Z") for name in names)
    assert page.locator("table.ranking script").count() == 0


def test_a_function_that_could_not_follow_its_network_is_told_to_try_again(
    page: Page, shown: Dashboard
) -> None:
    with temporary_engine(shown.settings.database) as engine, Session(engine) as session:
        lagging = functions.get(session, "names")
        lagging.reason = "It failed."
        lagging.outputs = lagging.outputs | {"SubnetIds": "subnet-0"}
        session.commit()
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/names")
    expect(page.get_by_text("It failed.")).to_be_visible()
    assert not violations(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#status .badge").first).to_have_text("Ready", timeout=READY_TIMEOUT_MS)
    expect(page.get_by_text("It failed.")).to_have_count(0)


def test_a_network_is_proven_parked_and_brought_back(page: Page, shown: Dashboard) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/networks/production")
    address = page.locator("code.ip").inner_text()
    page.get_by_role("button", name="Test again").click()
    expect(page.get_by_text(re.compile(f"Verified .*: {address} from")).first).to_be_visible()
    page.get_by_role("button", name="Park", exact=True).click()
    status = page.locator("#status .badge").first
    link = page.get_by_role("link", name="Other formats and partners")
    link.focus()
    expect(status).to_have_text("Parked", timeout=READY_TIMEOUT_MS)
    expect(link).to_be_focused()
    expect(page).to_have_title("Parked: production · Egret")
    expect(page.locator("#announcer")).to_have_text("Parked: production")
    expect(page.locator("code.ip")).to_have_text(address)
    assert not violations(page)
    page.goto(f"{shown.url}/functions/top-clans")
    expect(page.get_by_text("it cannot reach the partner")).to_be_visible()
    expect(page.locator("table.ranking tbody tr")).to_have_count(10)
    page.goto(f"{shown.url}/networks/production")
    page.get_by_role("button", name="Unpark").click()
    expect(status).to_have_text("Ready", timeout=READY_TIMEOUT_MS)
    expect(page.locator("code.ip")).to_have_text(address)
    page.get_by_role("link", name="Metrics", exact=True).click()
    gateways = page.get_by_role("region", name="Table of the NAT gateways").locator("tbody tr")
    expect(gateways).to_have_count(2)
    expect(gateways.last).to_contain_text("until")


def test_without_scripts_everything_but_the_live_parts_works(
    browser: Browser, shown: Dashboard
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shown)
    page.goto(f"{shown.url}/functions/top-clans")
    page.get_by_role("button", name="Fetch now").click()
    expect(page.locator("table.ranking tbody tr")).to_have_count(10)
    page.get_by_role("link", name="Metrics", exact=True).click()
    page.get_by_role("link", name="1 h", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("Duration. p50: highest"))).to_be_visible()
    page.get_by_text("Table of Invocations").click()
    expect(page.get_by_role("region", name="Table of Invocations")).to_be_visible()
    page.goto(f"{shown.url}/functions/new")
    page.get_by_label("Location", exact=True).select_option("France (FR)")
    page.goto(f"{shown.url}/addresses")
    page.get_by_label("Region", exact=True).select_option("us-east-1")
    page.get_by_role("button", name="Allocate address").click()
    card = page.locator("section.card", has_text="Free")
    address = card.locator("code.ip").inner_text()
    card.locator("summary.danger").click()
    card.get_by_label(re.compile("Type the address")).fill(address)
    card.get_by_role("button", name="Release address").click()
    expect(page.get_by_text(f"Released {address}.")).to_be_visible()
    context.close()


def set_up(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.setup_url)
    assert not violations(page)
    page.get_by_label("Your name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create admin account").click()
    expect(page.get_by_role("heading", name="Four steps")).to_be_visible()


def create_network(page: Page, name: str) -> str:
    """Returns the address, copied from the page while the network is being created."""
    page.get_by_role("link", name="New network").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create network").click()
    expect(page.locator("code.ip")).to_be_visible(timeout=ADDRESS_TIMEOUT_MS)
    page.get_by_role("button", name=re.compile("Copy address")).click()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", copied)
    page.reload()
    expect(page.locator(".timeline li").first).to_be_visible()
    expect(page.locator("#status .badge").first).to_have_text("Ready", timeout=READY_TIMEOUT_MS)
    expect(page.locator("code.ip")).to_have_text(copied)
    expect(page.get_by_text(re.compile(f"Verified .*: {copied} from")).first).to_be_visible()
    expect(page.get_by_role("heading", name="Scale up")).to_be_visible()
    return copied


def make_partner_key(
    page: Page, addresses: list[str], *, name: str, base: Dashboard | None = None
) -> str:
    """In the sandbox partner's portal, by the link on the page."""
    if base:
        page.goto(f"{base.url}/keys/new")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=re.compile("developer portal")).first.click()
    portal = opened.value
    portal.get_by_label("Key name").fill(name)
    portal.get_by_label("Allowed IP addresses").fill("\n".join(addresses))
    portal.get_by_role("button", name="Create key").click()
    token = portal.get_by_label("Token").input_value()
    portal.close()
    return token


def upload_key(page: Page, name: str, token: str) -> None:
    if not page.url.endswith("/keys/new"):
        page.get_by_role("link", name="upload it").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Key", exact=True).fill(token)
    page.get_by_role("button", name="Encrypt and store").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def deploy_function(page: Page, name: str, *, key: str = "", search: str = "") -> None:
    if not page.url.endswith("/functions/new"):
        page.get_by_role("link", name="Functions", exact=True).click()
        page.get_by_role("link", name="New function").first.click()
    page.get_by_label("Name").fill(name)
    if key:
        page.get_by_label("Key", exact=True).select_option(key)
    if search:
        page.get_by_label("Search Location").fill(search)
    page.get_by_role("button", name="Deploy function").click()


def delete(page: Page, url: str, typed: str, button: str, *, refused: bool = False) -> None:
    page.goto(url)
    page.locator("summary.danger").click()
    field = page.get_by_label(re.compile("to confirm"))
    field.evaluate("field => field.removeAttribute('pattern')")
    field.fill(typed)
    page.get_by_role("button", name=button).click()
    if refused:
        expect(page.get_by_text("Nothing was deleted")).to_be_visible()
