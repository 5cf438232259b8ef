"""A change of a network: new addresses are whitelisted first, old ones stay, calls continue."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard import Api, Dashboard, wait_for
from tests.portal import addresses_of, partner_key, revoke
from tests.sandbox.credentials import decisions_of, environment_with_service_role
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

REGION = "eu-central-1"
PROOF_TIMEOUT_S = 30.0
PATH = "/networks/changing"


@pytest.fixture(scope="module")
def api(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    own = environment_with_service_role(sandbox, "changing")
    folder: Path = tmp_path_factory.mktemp("changing")
    with Dashboard(sandbox, folder, environment=own) as running:
        yield running.api()


@pytest.fixture(scope="module")
def changed(api: Api, sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """One zone, then two with a NAT gateway each, with a function whose key knows one address."""
    api.post("/networks", {"name": "changing", "region": REGION, "availability_zones": 1})
    before = api.settled(PATH)
    secret = partner_key(sandbox, addresses_of(before))
    api.post("/keys", {"name": "clash", "secret": secret}).raise_for_status()
    settings = {"location": "32000006", "limit": 10}
    body = {"name": "top", "template": "clash_rankings", "network": "changing", "key": "clash"}
    api.post("/functions", body | {"settings": settings}).raise_for_status()
    api.settled("/functions/top")
    requested = api.post(f"{PATH}/change", {"availability_zones": 2, "nat": "per_az"})
    yield {"before": before, "requested": requested.raise_for_status().json()}
    revoke(sandbox, secret)


def test_a_network_of_one_zone_has_one_nat_gateway_in_any_case(api: Api) -> None:
    api.post("/networks", {"name": "lone", "region": REGION, "availability_zones": 1})
    api.settled("/networks/lone")
    refused = api.post("/networks/lone/change", {"nat": "per_az"})
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "The network already has this shape.",
    )


def test_a_change_may_be_withdrawn_while_the_network_is_parked(api: Api) -> None:
    api.post("/networks/lone/change", {"availability_zones": 2}).raise_for_status()
    api.post("/networks/lone/parking").raise_for_status()
    assert api.settled("/networks/lone")["status"] == "parked"
    refused = api.post("/networks/lone/change/confirmation", {})
    assert (refused.status_code, "Unpark it" in refused.json()["remedy"]) == (409, True)
    api.delete("/networks/lone/change").raise_for_status()
    assert api.get("/networks/lone").json()["change"] is None
    api.delete("/networks/lone").raise_for_status()
    api.gone("/networks/lone")


def test_new_addresses_are_shown_before_any_call_comes_from_them(changed: dict[str, Any]) -> None:
    before, requested = changed["before"], changed["requested"]
    assert (requested["status"], requested["availability_zones"]) == ("ready", 1)
    change = requested["change"]
    old, new = [a["public_ip"] for a in requested["addresses"]]
    assert old == before["addresses"][0]["public_ip"]
    assert [a["public_ip"] for a in change["addresses"]] == [new]
    assert requested["monthly_cost_usd"] == before["monthly_cost_usd"] + 3.65


def test_the_preview_says_what_is_added_and_that_nothing_is_replaced(
    changed: dict[str, Any],
) -> None:
    lines = {line["logical_id"]: line for line in changed["requested"]["change"]["preview"]}
    assert lines["NatGateway2"]["action"] == "Add"
    assert "NatGateway1" not in lines
    assert not [line for line in lines.values() if line["replacement"] == "True"]


def test_it_is_changed_once_the_key_allows_the_new_address(
    api: Api, sandbox: Sandbox, clients: Clients, changed: dict[str, Any]
) -> None:
    new = changed["requested"]["change"]["addresses"][0]["public_ip"]
    refused = api.post(f"{PATH}/change/confirmation", {})
    assert refused.status_code == 409
    assert f"clash does not allow {new}" in refused.json()["detail"]
    secret = partner_key(sandbox, addresses_of(changed["requested"]))
    api.post("/keys/clash/versions", {"secret": secret}).raise_for_status()
    api.post(f"{PATH}/change/confirmation", {}).raise_for_status()
    after = api.settled(PATH)
    assert (after["status"], after["availability_zones"], after["nat"]) == ("ready", 2, "per_az")
    assert after["change"] is None
    assert addresses_of(after) == addresses_of(changed["requested"])
    gateways = clients.ec2(REGION).describe_nat_gateways()["NatGateways"]
    before = changed["before"]["addresses"][0]["allocation_id"]
    holding = [g for g in gateways if g["NatGatewayAddresses"][0].get("AllocationId") == before]
    assert [gateway["State"] for gateway in holding] == ["available"]
    wait_for(lambda: len(api.get(PATH).json()["proof"]["zones"]) == 2, PROOF_TIMEOUT_S)
    assert api.get(PATH).json()["proof"]["ok"]


def test_its_functions_run_in_the_new_zone_too(
    api: Api, clients: Clients, changed: dict[str, Any]
) -> None:
    def spread() -> bool:
        function = api.get("/functions/top").json()
        found = clients.awslambda(REGION).get_function_configuration(
            FunctionName="changing-function-top"
        )
        return function["status"] == "ready" and len(found["VpcConfig"]["SubnetIds"]) == 2

    wait_for(spread, PROOF_TIMEOUT_S)
    function = api.get("/functions/top").json()
    assert function["endpoint_url"]
    snapshot = api.post("/functions/top/snapshots").raise_for_status().json()
    assert snapshot["ok"], snapshot["problem"]
    assert snapshot["egress_ip"] in addresses_of(changed["requested"])


@pytest.mark.usefixtures("changed")
def test_a_change_that_would_give_up_an_address_is_refused(api: Api) -> None:
    refused = api.post(f"{PATH}/change", {"availability_zones": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "would_lose_address")


@pytest.mark.usefixtures("changed")
def test_a_withdrawn_change_leaves_its_address_free(api: Api) -> None:
    requested = api.post(f"{PATH}/change", {"availability_zones": 3}).raise_for_status().json()
    new = requested["change"]["addresses"][0]["id"]
    api.delete(f"{PATH}/change").raise_for_status()
    assert api.get(f"/addresses/{new}").json()["status"] == "free"
    assert api.get(PATH).json()["change"] is None


def test_a_protected_network_is_not_deleted(api: Api, clients: Clients) -> None:
    api.post("/networks", {"name": "kept", "region": REGION, "environment": "prod"})
    network = api.settled("/networks/kept")
    assert network["protected"]
    refused = api.delete("/networks/kept")
    assert (refused.status_code, refused.json()["code"]) == (409, "network_protected")
    stack = clients.cloudformation(REGION).describe_stacks(StackName=network["stack_id"])
    assert stack["Stacks"][0]["EnableTerminationProtection"] is True
    assert not api.delete("/networks/kept/protection").raise_for_status().json()["protected"]
    assert api.post("/networks/kept/protection").raise_for_status().json()["protected"]
    assert api.delete("/networks/kept").status_code == 409
    api.delete("/networks/kept/protection").raise_for_status()
    api.delete("/networks/kept").raise_for_status()
    api.gone("/networks/kept")


@pytest.mark.usefixtures("changed")
def test_all_that_is_made_is_made_by_the_service_role(sandbox: Sandbox) -> None:
    by_caller = decisions_of(sandbox.info, "user/caller-of-changing")
    by_role = decisions_of(sandbox.info, "role/cloudformation-for-changing")
    assert {action for action, is_allowed in by_caller | by_role if not is_allowed} == set()
    assert ("iam:CreateRole", True) in by_role - by_caller
