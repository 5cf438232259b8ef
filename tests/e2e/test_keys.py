"""Keys in a browser: the advice followed on two networks, tokens as people paste them."""

import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import Api, Dashboard
from tests.e2e.axe import violations
from tests.e2e.conftest import sign_in
from tests.e2e.test_journey import make_partner_key
from tests.portal import addresses_of, partner_key, revoke
from webapp.sandbox.launcher import Sandbox

ALLOWED = "Every address is allowed"
NETWORKS = ("north", "south")


@pytest.fixture(scope="module")
def pair(shown: Dashboard, sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Two networks, by name, a key for the first one, and a function there that uses it."""
    api = shown.api()
    for name in NETWORKS:
        new = {"name": name, "region": "eu-central-1", "availability_zones": 1}
        api.post("/networks", new).raise_for_status()
    made = {name: api.settled(f"/networks/{name}") for name in NETWORKS}
    secret = partner_key(sandbox, addresses_of(made["north"]))
    api.post("/keys", {"name": "compass", "secret": secret}).raise_for_status()
    deploy(api, "of-north", "north")
    yield made
    for name in ("of-north", "of-south"):
        api.delete(f"/functions/{name}").raise_for_status()
        api.gone(f"/functions/{name}")
    api.delete("/keys/compass").raise_for_status()
    revoke(sandbox, secret)
    for name in NETWORKS:
        api.delete(f"/networks/{name}").raise_for_status()
    for name in NETWORKS:
        api.gone(f"/networks/{name}")
        for address in made[name]["addresses"]:
            query = {"confirm": address["public_ip"]}
            api.delete(f"/addresses/{address['id']}", query).raise_for_status()


def deploy(api: Api, name: str, network: str) -> None:
    new = {"name": name, "template": "clash_rankings", "network": network, "key": "compass"}
    settings = {"location": "32000006", "limit": 3}
    api.post("/functions", new | {"settings": settings}).raise_for_status()
    assert api.settled(f"/functions/{name}")["status"] == "ready"


def fetched_from(api: Api, name: str) -> str:
    answer = api.post(f"/functions/{name}/snapshots").json()
    assert answer["ok"], answer["problem"]
    ip: str = answer["egress_ip"]
    return ip


def upload_version(page: Page, token: str) -> None:
    summary = page.get_by_text("Upload a new version")
    if not page.get_by_label("Key", exact=True).is_visible():
        summary.click()
    page.get_by_label("Key", exact=True).fill(token)
    page.get_by_role("button", name="Encrypt and store").click()


def test_the_advice_followed_on_two_networks_keeps_both_working(
    page: Page, shown: Dashboard, pair: dict[str, Any], sandbox: Sandbox
) -> None:
    api, (north,), (south,) = shown.api(), *(addresses_of(pair[name]) for name in NETWORKS)
    sign_in(page, shown)
    only_south = make_partner_key(page, [south], name="south only", base=shown)
    page.goto(f"{shown.url}/keys/compass")
    upload_version(page, only_south)
    refused = f"This version does not allow {north}, from which of-north calls (network north)."
    expect(page.locator("#anyway-error")).to_contain_text(refused)
    assert not violations(page)
    assert fetched_from(api, "of-north") == north

    page.goto(f"{shown.url}/networks/south")
    item = page.locator("#keys + ul li", has_text="compass")
    item.get_by_text("Create a key that allows every address").click()
    expect(item).to_contain_text("They include those of north")
    advised = item.locator(".paste code").inner_text().split()
    assert sorted(advised) == sorted([north, south])
    item.get_by_role("link", name="as a new version of compass").click()
    both = make_partner_key(page, advised, name="both", base=shown)
    page.goto(f"{shown.url}/keys/compass")
    upload_version(page, both)
    expect(page.get_by_text("New version stored")).to_be_visible()
    for name in NETWORKS:
        row = page.locator("#matches + ul li", has=page.get_by_role("link", name=name, exact=True))
        expect(row).to_contain_text(ALLOWED)
        page.goto(f"{shown.url}/networks/{name}")
        expect(page.locator("#keys + ul li", has_text="compass")).to_contain_text("Allows every")
        page.goto(f"{shown.url}/keys/compass")
    deploy(api, "of-south", "south")
    assert (fetched_from(api, "of-north"), fetched_from(api, "of-south")) == (north, south)

    page.get_by_role("button", name="Make the previous one current").click()
    expect(page.locator("#anyway-error")).to_contain_text(f"{south}, from which of-south calls")
    page.get_by_label("To continue anyway, type compass").fill("compass")
    page.get_by_role("button", name="Make the previous one current").click()
    expect(page.get_by_text("The previous version is current again")).to_be_visible()
    expect(page.get_by_text(f"{south} not allowed")).to_be_visible()
    page.get_by_role("button", name="Make the previous one current").click()
    expect(page.get_by_text(f"{south} not allowed")).to_have_count(0)
    for token in (only_south, both):
        revoke(sandbox, token)


def test_a_token_that_was_cut_off_is_refused_and_a_wrapped_one_stored(
    page: Page, shown: Dashboard, sandbox: Sandbox
) -> None:
    sign_in(page, shown)
    token = make_partner_key(page, ["198.51.100.7"], name="pasted", base=shown)
    page.goto(f"{shown.url}/keys/new")
    page.get_by_label("Name").fill("pasted")
    page.get_by_label("Key", exact=True).fill(token[:-30])
    page.get_by_role("button", name="Encrypt and store").click()
    error = page.locator("#secret-error")
    expect(error).to_contain_text("This key was cut off: its last part has 56 characters")
    with page.context.expect_page() as opened:
        error.get_by_role("link").click()
    expect(opened.value.get_by_label("Key name")).to_be_visible()
    opened.value.close()
    expect(page.get_by_label("Name")).to_have_value("pasted")
    wrapped = "\n".join(token[at : at + 64] for at in range(0, len(token), 64))
    page.get_by_label("Key", exact=True).fill(f'COC_KEY="{textwrap.indent(wrapped, "  ")}"\n')
    page.get_by_role("button", name="Encrypt and store").click()
    expect(page.get_by_role("heading", name="pasted")).to_be_visible()
    expect(page.get_by_text("198.51.100.7", exact=True).first).to_be_visible()

    page.goto(f"{shown.url}/keys/new")
    page.get_by_label("Name").fill("pasted-again")
    page.get_by_label("Key", exact=True).fill(token)
    page.get_by_role("button", name="Encrypt and store").click()
    expect(page.get_by_text(re.compile("Same secret as pasted"))).to_be_visible()
    assert not violations(page)
    api = shown.api()
    for name in ("pasted", "pasted-again"):
        api.delete(f"/keys/{name}").raise_for_status()
    revoke(sandbox, token)
