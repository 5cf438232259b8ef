"""Orphans and addresses in a browser: adopted, lost, recovered, deleted."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.axe import check
from tests.e2e.conftest import sign_in
from webapp.aws.clients import Clients

REGION = "eu-central-1"
TAGS = [{"Key": "egret:managed", "Value": "true"}, {"Key": "egret:prefix", "Value": "shown"}]
OURS = [{"ResourceType": "elastic-ip", "Tags": TAGS}]


def test_an_orphan_is_adopted_lost_and_recovered(
    page: Page, shown: Dashboard, clients: Clients, screenshots: Path | None
) -> None:
    ec2: Any = clients.ec2(REGION)
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=OURS)
    ip = made["PublicIp"]
    sign_in(page, shown)
    page.goto(f"{shown.url}/addresses")
    page.get_by_role("link", name="Find orphans").click()
    check(page, f"{shown.url}/orphans", "orphans", screenshots)
    page.get_by_role("button", name=f"Adopt {ip}").click()
    expect(page.get_by_text(f"Adopted {ip}.")).to_be_visible()
    ec2.release_address(AllocationId=made["AllocationId"])
    shown.run_round(REGION)
    check(page, f"{shown.url}/addresses", "addresses-lost", screenshots)
    card = page.get_by_role("region", name=ip)
    expect(card.get_by_text("Lost: it was released outside Egret.")).to_be_visible()
    card.get_by_role("button", name="Recover address").click()
    expect(page.get_by_text(f"Recovered {ip}.")).to_be_visible()
    card.get_by_text("Add name").click()
    card.get_by_label("Name").fill("the bank's")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_text("the bank's", exact=True)).to_be_visible()
    card.get_by_text("Release this address").click()
    card.get_by_label("Type the address").fill(ip)
    card.get_by_role("button", name="Release address").click()
    expect(page.get_by_text(f"Released {ip}.")).to_be_visible()


def test_an_orphan_is_deleted_once_its_name_is_typed(
    page: Page, shown: Dashboard, clients: Clients
) -> None:
    ec2: Any = clients.ec2(REGION)
    ip = ec2.allocate_address(Domain="vpc", TagSpecifications=OURS)["PublicIp"]
    sign_in(page, shown)
    page.goto(f"{shown.url}/orphans")
    card = page.get_by_role("region", name=ip, exact=True)
    card.locator("summary.danger").click()
    card.get_by_label(f"Type {ip}").fill(ip)
    card.get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)


def test_an_address_of_the_account_is_adopted_by_its_allocation_id(
    page: Page, shown: Dashboard, clients: Clients
) -> None:
    ec2: Any = clients.ec2(REGION)
    made = ec2.allocate_address(Domain="vpc")
    sign_in(page, shown)
    page.goto(f"{shown.url}/addresses")
    page.get_by_text("Adopt an existing address").click()
    page.get_by_label("Allocation ID or IP address").fill("eipalloc-unknown")
    page.get_by_role("button", name="Adopt").click()
    expect(page.get_by_text("The account has no Elastic IP eipalloc-unknown")).to_be_visible()
    page.get_by_label("Allocation ID or IP address").fill(made["AllocationId"])
    page.get_by_role("button", name="Adopt").click()
    expect(page.get_by_text(f"Adopted {made['PublicIp']}.")).to_be_visible()
    api = shown.api()
    (mine,) = [a for a in api.get("/addresses").json()["items"] if a["status"] == "free"]
    api.delete(f"/addresses/{mine['id']}", {"confirm": mine["public_ip"]}).raise_for_status()
