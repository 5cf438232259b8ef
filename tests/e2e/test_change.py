"""A change of the network's shape, protection, and a deletion that AWS refuses, in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard, wait_for
from tests.e2e.axe import check
from tests.e2e.conftest import says, sign_in
from tests.sandbox.credentials import put_switches
from webapp.sandbox.launcher import Sandbox

REGION = "ap-southeast-1"
NETWORK = "/networks/scaling"


@pytest.fixture(scope="module")
def own(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard with a network of one zone, which the last test deletes."""
    environment = {"EGRET_NAME_PREFIX": "scale"}
    running = Dashboard(sandbox, tmp_path_factory.mktemp("scale"), environment=environment).start()
    running.signed_in()
    api = running.api()
    wish = {"name": "scaling", "region": REGION, "availability_zones": 1}
    api.post("/networks", wish).raise_for_status()
    api.settled(NETWORK)
    yield running
    running.stop()


def test_a_larger_shape_is_previewed_and_confirmed(
    page: Page, own: Dashboard, screenshots: Path | None
) -> None:
    sign_in(page, own)
    page.goto(f"{own.url}{NETWORK}")
    page.get_by_role("button", name="Preview change to 2 zones, one NAT gateway").click()
    expect(page.get_by_text("partners don't need to change")).to_be_visible()
    page.get_by_role("button", name="Withdraw change").click()
    expect(page.get_by_role("heading", name="Scale up", exact=True)).to_be_visible()
    preview = page.get_by_role("button", name="Preview change to 2 zones, a NAT gateway in each")
    form = page.locator("form", has=preview)
    zones = form.get_by_label("Zones to add")
    form.get_by_text("Choose zones").click()
    zones.fill("eu-central-9z")
    preview.click()
    expect(page.get_by_text("eu-central-9z")).to_be_visible()
    page.goto(f"{own.url}{NETWORK}")
    form.get_by_text("Choose zones").click()
    zones.fill(f"{REGION}c")
    preview.click()
    expect(page.get_by_role("heading", name="Pending change: 2 zones")).to_be_visible()
    assert own.api().get(NETWORK).json()["change"]["zones"][1] == f"{REGION}c"
    expect(page.get_by_text("first, then confirm.")).to_be_visible()
    check(page, f"{own.url}{NETWORK}", "change", screenshots)
    page.get_by_role("button", name="Confirm change").click()
    says(page, "Change confirmed.")
    expect(page.get_by_role("heading", name="Applying change: 2 zones")).to_be_visible()
    expect(page.get_by_text("Addresses to whitelist")).to_be_visible()
    wait_for(lambda: own.api().get(NETWORK).json()["status"] == "ready", 60)
    page.reload()
    expect(page.get_by_text("2, a NAT gateway in each")).to_be_visible()


def test_a_protected_network_has_no_way_to_delete_it(page: Page, own: Dashboard) -> None:
    sign_in(page, own)
    page.goto(f"{own.url}{NETWORK}")
    page.get_by_role("button", name="Protect from deletion").click()
    expect(page.get_by_text("Protected: neither Egret nor CloudFormation")).to_be_visible()
    expect(page.get_by_text("Delete this network")).to_have_count(0)
    page.get_by_role("button", name="Turn off protection").click()
    expect(page.get_by_text("Delete this network")).to_be_visible()


def test_what_aws_cannot_delete_is_kept(
    page: Page, own: Dashboard, sandbox: Sandbox, screenshots: Path | None
) -> None:
    """AWS refuses to delete the VPC; no attempt waits for the next one."""
    refused = {"resource": "Vpc", "when": "delete", "reason": "The vpc is shared", "times": 99}
    stack = {"stack": "scale-network-scaling"}
    put_switches(sandbox.info, [stack | refused])
    sign_in(page, own)
    page.goto(f"{own.url}{NETWORK}")
    page.get_by_text("Delete this network").click()
    page.get_by_label("Type the name").fill("scaling")
    page.get_by_role("button", name="Delete network").click()
    says(page, "scaling is being deleted.")
    wait_for(lambda: is_failed(own), 60)
    expect(page.get_by_role("button", name="Delete again")).to_be_visible()
    page.get_by_text("Delete and keep what AWS can't delete").click()
    expect(page.get_by_text("The vpc is shared").last).to_be_visible()
    check(page, f"{own.url}{NETWORK}", "undeleted", screenshots)
    page.get_by_text("Delete and keep what AWS can't delete").click()
    page.locator("#confirm-undeleted").fill("scaling")
    page.get_by_role("button", name="Delete and keep these").click()
    own.api().gone(NETWORK)
    put_switches(sandbox.info, [])


def is_failed(own: Dashboard) -> bool:
    """Ends every wait before it asks."""
    own.execute("UPDATE lease SET due_at = 0 WHERE resource LIKE 'network:%'")
    return bool(own.api().get(NETWORK).json()["status"] == "failed")
