"""Diagnosis of the egress path and drift, in a browser: whole, broken and repaired."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.dashboard import Dashboard
from tests.e2e.axe import check
from tests.e2e.conftest import says, sign_in
from webapp.aws.clients import Clients

REGION = "eu-central-1"
ANYWHERE = "0.0.0.0/0"
NETWORK = "/networks/production"


def test_the_first_broken_hop_is_shown_with_its_repair(
    page: Page, shown: Dashboard, clients: Clients, screenshots: Path | None
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}{NETWORK}")
    page.get_by_role("link", name="Diagnose").click()
    expect(page.get_by_text("Every hop works.")).to_be_visible()
    check(page, f"{shown.url}{NETWORK}/diagnosis", "diagnosis-whole", screenshots)
    ec2 = clients.ec2(REGION)
    route, nat = break_a_route(ec2, page)
    page.get_by_role("link", name="Diagnose again").click()
    expect(page.get_by_text("Breaks at: route table")).to_have_count(1)
    expect(page.get_by_text("It has no default route.")).to_be_visible()
    expect(page.get_by_text("Not checked").first).to_be_visible()
    check(page, f"{shown.url}{NETWORK}/diagnosis", "diagnosis-broken", screenshots)
    page.goto(f"{shown.url}/functions/top-clans/diagnosis")
    expect(page.get_by_text("Breaks at: route table")).to_have_count(1)
    ec2.create_route(**route, NatGatewayId=nat)
    page.get_by_role("link", name="Diagnose again").click()
    expect(page.get_by_text("Every hop works.")).to_be_visible()


def test_drift_is_shown_and_restored(
    page: Page, shown: Dashboard, clients: Clients, screenshots: Path | None
) -> None:
    sign_in(page, shown)
    page.goto(f"{shown.url}{NETWORK}/diagnosis")
    break_a_route(clients.ec2(REGION), page)
    page.get_by_role("link", name="Check for drift").click()
    expect(page.get_by_text(f"Default route of {REGION}a", exact=True)).to_be_visible()
    page.get_by_role("button", name="Check stack").click()
    expect(page.get_by_text("CloudFormation checked the stack.")).to_be_visible()
    check(page, f"{shown.url}{NETWORK}/drift", "drift", screenshots)
    page.get_by_role("button", name="Restore").click()
    says(page, f"Restored: Default route of {REGION}a.")
    expect(page.get_by_text("No drift.")).to_be_visible()
    page.get_by_role("link", name="Diagnose the egress path").click()
    expect(page.get_by_text("Every hop works.")).to_be_visible()


def break_a_route(ec2: Any, page: Page) -> tuple[Any, str]:
    """Delete the default route of the first zone's subnet; returns what restores it."""
    subnet_id = page.locator(".facts code").first.inner_text()
    tables = ec2.describe_route_tables()["RouteTables"]
    table = next(
        t for t in tables if any(a.get("SubnetId") == subnet_id for a in t["Associations"])
    )
    nat = next(r["NatGatewayId"] for r in table["Routes"] if r.get("NatGatewayId"))
    route = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": ANYWHERE}
    ec2.delete_route(**route)
    return route, str(nat)
