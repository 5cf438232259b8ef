"""Any partner in a browser, from the form to the table: the sandbox's bank, with its key, and a
server of the test, over TLS."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.axe import violations
from tests.e2e.conftest import says, sign_in
from tests.tls_partner import HOST, KEY, TlsPartner, allowing

URL = "https://api.bank.example/v1/accounts/{account}/transactions"


@pytest.fixture
def address(shown: Dashboard) -> Iterator[str]:
    """Of the network; what the test makes on it is deleted afterwards."""
    api = shown.api()
    yield api.get("/networks/production").json()["addresses"][0]["public_ip"]
    for name in ("transactions", "payments"):
        api.delete(f"/functions/{name}")
        api.gone(f"/functions/{name}")
    api.delete("/keys/bank")


def bank_key(page: Page, address: str) -> str:
    """A key from the bank's page in the portal, sent as X-Api-Key."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="partner's developer portal").click()
    portal = opened.value
    portal.get_by_role("link", name="Bank").click()
    portal.get_by_label("Sent as").select_option("header")
    portal.get_by_label("Allowed IP addresses").fill(address)
    assert not violations(portal)
    portal.get_by_role("button", name="Create key").click()
    key = portal.get_by_label("Key", exact=True).input_value()
    portal.close()
    return key


def fill_row(page: Page, number: int, **fields: str) -> None:
    for name, text in fields.items():
        page.locator(f'[id="settings.parameters.{number}.{name}"]').fill(text)


def test_a_partner_that_egret_does_not_know_from_its_key_to_the_table(
    page: Page, shown: Dashboard, address: str
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}/keys/new")
    key, name = bank_key(page, address), page.get_by_label("Header or parameter")
    expect(name).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("bank")
    page.get_by_role("radio", name="In a header").check()
    name.fill("Host")
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Encrypt and store").click()
    expect(page.locator("#sent_as-error")).to_contain_text("HTTP itself uses the header Host")
    expect(page.get_by_role("radio", name="In a header")).to_be_checked()
    assert not violations(page)
    name.fill("X-Api-Key")
    page.get_by_label("Key", exact=True).fill(f"X-Api-Key: {key}")
    page.get_by_role("button", name="Encrypt and store").click()
    says(page, "Key bank encrypted and stored.")
    expect(page.get_by_text("Unknown", exact=True)).to_be_visible()
    assert not violations(page)

    page.goto(f"{shown.url}/functions/new?template=http_json")
    options = page.locator("#key option")
    expect(options.filter(has_text="clash (a kind that this template does")).to_have_count(1)
    expect(page.locator("#key")).to_have_value("bank")
    page.get_by_label("Name", exact=True).first.fill("transactions")
    page.locator('[id="settings.url"]').fill(f"{URL}?limit={{limit}}")
    fill_row(page, 0, name="account", pattern="([0-9]+)+", default="1001")
    page.get_by_role("button", name="Deploy function").click()
    error = page.locator('[id="settings.parameters.0.pattern-error"]')
    expect(error).to_contain_text("This pattern cannot be used.")
    fill_row(page, 0, pattern="[0-9]{4}")
    fill_row(page, 1, name="limit", pattern="[0-9]{1,2}", default="3")
    page.get_by_role("button", name="Deploy function").click()
    table = page.locator("#preview table")
    expect(table.locator("tbody tr")).to_have_count(3, timeout=30_000)
    expect(table.locator("thead")).to_contain_text("currency")
    expect(table).to_contain_text("Supplier")
    expect(page.locator("#preview")).to_contain_text(address)
    assert not violations(page)


def test_a_server_over_tls_is_read_and_relayed_to_from_the_form_to_the_table(
    page: Page, shown: Dashboard, address: str, tls_partner: TlsPartner
) -> None:
    new = {"name": "bank", "kind": "header", "sent_as": "X-Api-Key", "secret": KEY}
    shown.api().post("/keys", new).raise_for_status()
    sign_in(page, shown)
    with allowing(tls_partner, address):
        page.goto(f"{shown.url}/functions/new?template=http_json")
        page.get_by_label("Name", exact=True).first.fill("transactions")
        page.locator('[id="settings.url"]').fill(f"https://{HOST}/items/list")
        page.get_by_role("button", name="Deploy function").click()
        rows = page.locator("#preview table tbody tr")
        expect(rows).to_have_count(3, timeout=30_000)
        expect(rows.first).to_contain_text("Item 1")
        page.goto(f"{shown.url}/functions/new?template=http_relay")
        page.get_by_label("Name", exact=True).first.fill("payments")
        page.locator('[id="settings.url"]').fill(f"https://{HOST}/v1")
        page.get_by_label("Paths").fill("/payments")
        page.locator('[id="settings.check_path"]').fill("/accounts")
        page.get_by_role("button", name="Deploy function").click()
        expect(rows).to_have_count(3, timeout=30_000)
        expect(page.locator("#preview")).to_contain_text(address)
