"""Addresses by the API: allocated, named, taken by a network, lost, asked for again, released."""

import pytest

from tests.dashboard import Api, Dashboard
from tests.portal import addresses_of
from webapp.aws.clients import Clients

REGION = "us-east-1"


@pytest.fixture(scope="module")
def api(dashboard: Dashboard) -> Api:
    return dashboard.api()


def test_a_new_network_takes_a_free_address_again(api: Api) -> None:
    free = api.post("/addresses", {"region": REGION, "name": "early"}).json()
    assert free["name"] == "early"
    renamed = api.patch(f"/addresses/{free['id']}", {"name": "for the bank"})
    assert renamed.json()["name"] == "for the bank"
    refused = api.patch(f"/addresses/{free['id']}", {"name": "x" * 61})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["name"])
    body = {
        "name": "again",
        "region": REGION,
        "availability_zones": 1,
        "addresses": [free["id"]],
    }
    api.post("/networks", body).raise_for_status()
    network = api.settled("/networks/again")
    assert addresses_of(network) == [free["public_ip"]]
    in_use = api.delete(f"/addresses/{free['id']}", params={"confirm": free["public_ip"]})
    assert (in_use.status_code, in_use.json()["code"]) == (409, "address_in_use")
    api.delete("/networks/again")
    api.gone("/networks/again")
    kept = api.get(f"/addresses/{free['id']}").json()
    assert (kept["status"], kept["public_ip"]) == ("free", free["public_ip"])
    mistyped = api.delete(f"/addresses/{free['id']}", params={"confirm": "203.0.113.250"})
    assert mistyped.status_code == 422
    released = api.delete(f"/addresses/{free['id']}", params={"confirm": free["public_ip"]})
    assert released.status_code == 204


def test_an_address_that_was_released_outside_is_asked_for_again(
    api: Api, dashboard: Dashboard, clients: Clients
) -> None:
    made = api.post("/addresses", {"region": REGION}).raise_for_status().json()
    path = f"/addresses/{made['id']}"
    refused = api.post(f"{path}/recovery")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_status")
    clients.ec2(REGION).release_address(AllocationId=made["allocation_id"])
    dashboard.run_round(REGION)
    assert api.get(path).json()["status"] == "lost"
    again = api.post(f"{path}/recovery").raise_for_status().json()
    assert (again["status"], again["public_ip"]) == ("free", made["public_ip"])
    api.delete(path, {"confirm": made["public_ip"]}).raise_for_status()
