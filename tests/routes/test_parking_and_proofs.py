"""Parking stops the bill and keeps the address; proofs say which address the outside sees."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests import plain_http
from tests.dashboard import Api, Dashboard
from tests.portal import addresses_of, partner_key, revoke
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox
from webapp.sandbox.nat_ways_out import KNOWN_S

REGION = "us-east-1"
NETWORK = "/networks/resting"
FUNCTION = "/functions/resting"


@pytest.fixture(scope="module")
def api(dashboard: Dashboard, sandbox: Sandbox) -> Iterator[Api]:
    """The API, with a network in which a function runs."""
    api = dashboard.api()
    body = {"name": "resting", "region": REGION, "availability_zones": 2, "nat": "per_az"}
    api.post("/networks", body).raise_for_status()
    network = api.settled(NETWORK)
    secret = partner_key(sandbox, addresses_of(network))
    api.post("/keys", {"name": "resting", "secret": secret}).raise_for_status()
    function = {"name": "resting", "template": "clash_rankings", "key": "resting"}
    api.post("/functions", function | {"network": "resting"}).raise_for_status()
    api.settled(FUNCTION)
    api.post(f"{FUNCTION}/snapshots").raise_for_status()
    yield api
    for path in (FUNCTION, NETWORK):
        api.delete(path)
        api.gone(path)
    revoke(sandbox, secret)


def nat_gateways(clients: Clients, network: dict[str, Any]) -> list[str]:
    allocations = {address["allocation_id"] for address in network["addresses"]}
    found = clients.ec2(REGION).describe_nat_gateways()["NatGateways"]
    return [
        nat["NatGatewayId"]
        for nat in found
        if nat["State"] == "available"
        and nat["NatGatewayAddresses"][0].get("AllocationId") in allocations
    ]


def test_a_parked_network_costs_its_addresses_only_and_keeps_them(
    api: Api, clients: Clients
) -> None:
    before = api.get(NETWORK).json()
    api.post(f"{NETWORK}/parking").raise_for_status()
    parked = api.settled(NETWORK)
    assert parked["status"] == "parked", parked["reason"]
    assert addresses_of(parked) == addresses_of(before)
    assert (before["monthly_cost_usd"], parked["monthly_cost_usd"]) == (73.0, 7.3)
    assert nat_gateways(clients, parked) == []
    refused = api.post(f"{FUNCTION}/snapshots")
    assert (refused.status_code, refused.json()["code"]) == (409, "network_parked")
    assert api.get(f"{FUNCTION}/preview").status_code == 200
    api.delete(f"{NETWORK}/parking").raise_for_status()
    back = api.settled(NETWORK)
    assert back["status"] == "ready", back["reason"]
    assert addresses_of(back) == addresses_of(before)
    assert len(nat_gateways(clients, back)) == 2
    snapshot = api.post(f"{FUNCTION}/snapshots").json()
    assert snapshot["ok"], snapshot["problem"]
    assert snapshot["egress_ip"] in addresses_of(before)


def test_parking_twice_is_harmless(api: Api) -> None:
    answers = [api.post(f"{NETWORK}/parking") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert api.settled(NETWORK)["status"] == "parked"
    answers = [api.delete(f"{NETWORK}/parking") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert api.settled(NETWORK)["status"] == "ready"


def test_a_network_proves_by_itself_which_address_each_zone_is_seen_from(api: Api) -> None:
    network = api.get(NETWORK).json()
    proofs = {proof["availability_zone"]: proof for proof in network["proof"]["zones"]}
    assert network["proof"]["ok"]
    assert sorted(proofs) == [f"{REGION}a", f"{REGION}b"]
    assert [proofs[zone]["seen_ip"] for zone in sorted(proofs)] == addresses_of(network)
    assert all(proof["ok"] and proof["request_id"] for proof in proofs.values())


def test_a_broken_egress_path_is_reported_by_the_next_proof(api: Api, clients: Clients) -> None:
    network = api.get(NETWORK).json()
    ec2 = clients.ec2(REGION)
    tables = ec2.describe_route_tables()["RouteTables"]
    broken = nat_gateways(clients, network)[0]
    table = next(
        table["RouteTableId"]
        for table in tables
        if any(route.get("NatGatewayId") == broken for route in table["Routes"])
    )
    anywhere = "0.0.0.0/0"
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock=anywhere)
    time.sleep(KNOWN_S)
    found = api.post(f"{NETWORK}/proofs").json()["items"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=anywhere, NatGatewayId=broken)
    assert sorted(proof["ok"] for proof in found) == [False, True]
    (problem,) = (proof["problem"] for proof in found if not proof["ok"])
    assert "breaks at the route table: It has no default route." in problem
    again = api.post(f"{NETWORK}/proofs").json()["items"]
    assert all(proof["ok"] for proof in again)


def test_a_schedule_is_kept_and_tells_when_it_acts_next(api: Api) -> None:
    hours = {
        "time_zone": "Europe/Berlin",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "start": "00:00",
        "end": "23:59",
    }
    kept = api.put(f"{NETWORK}/schedule", {"hours": hours, "idle_hours": 12}).raise_for_status()
    assert kept.json()["hours"] == hours
    assert kept.json()["next_status"] in ("parked", "ready")
    assert api.get(NETWORK).json()["schedule"] == kept.json()
    refused = api.put(f"{NETWORK}/schedule", {"hours": hours | {"time_zone": "Mars"}})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["time_zone"])
    api.delete(f"{NETWORK}/schedule").raise_for_status()
    assert api.get(f"{NETWORK}/schedule").json()["hours"] is None


def test_a_wrong_address_is_an_alarm_on_every_page_of_the_network(
    api: Api, dashboard: Dashboard, clients: Clients
) -> None:
    """The second zone goes out through the first one's NAT gateway, until it is restored."""
    first, second = addresses_of(api.get(NETWORK).json())
    ec2: Any = clients.ec2(REGION)
    nats = ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])
    by_ip = {n["NatGatewayAddresses"][0].get("PublicIp"): n for n in nats["NatGateways"]}
    wrong, right = by_ip[first]["NatGatewayId"], by_ip[second]["NatGatewayId"]
    tables = ec2.describe_route_tables()["RouteTables"]
    (table,) = [t for t in tables if right in {r.get("NatGatewayId") for r in t["Routes"]}]
    ec2.replace_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=wrong
    )
    api.post(f"{NETWORK}/proofs").raise_for_status()
    alarm = f"It came from {first}, not from {second}."
    cookies = dashboard.signed_in()
    more = [f"{NETWORK}/{page}" for page in ("whitelist", "schedule", "diagnosis", "drift")]
    paths = ["/", NETWORK, *more, FUNCTION, f"{FUNCTION}/diagnosis"]
    pages = [f"{dashboard.url}{path}" for path in paths]
    for page in pages:
        assert alarm in plain_http.get(page, cookies=cookies).text, page
    api.post(f"{NETWORK}/drift/restoration").raise_for_status()
    api.post(f"{NETWORK}/proofs").raise_for_status()
    for page in pages:
        assert alarm not in plain_http.get(page, cookies=cookies).text, page
