"""Two accounts side by side, on the embedded AWS: nothing of one is taken for the other's."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import plain_http
from tests.clouds import session_with
from tests.dashboard import Api, Dashboard, wait_for
from tests.portal import addresses_of, partner_key
from tests.sandbox.lab import Lab, role
from webapp.aws.apply_policies import apply
from webapp.aws.clients import Clients
from webapp.aws.policy import Place, trust
from webapp.sandbox.launcher import ACCOUNT, SECOND_ACCOUNT, Sandbox

REGION = "eu-central-1"
ROLE = "dashboard-for-egret"
WAIT_S = 60.0
PLACE = Place(SECOND_ACCOUNT)
SETTINGS = {"location": "32000006", "limit": 10}


@pytest.fixture(scope="module")
def api(dashboard: Dashboard) -> Api:
    return dashboard.api()


@pytest.fixture(scope="module")
def second(sandbox: Sandbox) -> Iterator[Clients]:
    """As the administrator of the second account, where nothing is left afterwards."""
    info = sandbox.info
    keys = (info.second_access_key_id, info.second_secret_access_key)
    made = Clients(info.aws_endpoint, session_with(*keys))
    yield made
    delete_role(made)


def make_role(second: Clients, trusting: Any) -> None:
    """As `egret accounts role --apply` does."""
    assert len(list(apply(second, REGION, PLACE, trusting=trusting))) == 4


def delete_role(second: Clients) -> None:
    iam = second.iam(REGION)
    if ROLE not in {each["RoleName"] for each in iam.list_roles()["Roles"]}:
        return
    for name in ("dashboard", "cloudformation"):
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=PLACE.policy_arn(name))
    iam.delete_role(RoleName=ROLE)


def look_again(dashboard: Dashboard, resource: str) -> None:
    """Now, instead of after the pause."""
    dashboard.execute(f"UPDATE lease SET due_at = 0 WHERE resource LIKE '{resource}:%'")


@pytest.fixture(scope="module")
def shop(api: Api, second: Clients) -> str:
    """The second account, connected after two roles that cannot be."""
    added = api.post("/accounts", {"name": "shop", "number": SECOND_ACCOUNT}).json()
    missing = api.post("/accounts/shop/connection")
    assert (missing.status_code, missing.json()["code"]) == (409, "role_refused")
    trusted = f"arn:aws:iam::{ACCOUNT}:user/dashboard"
    open_to_all = trust(trusted, added["external_id"])
    del open_to_all["Statement"][0]["Condition"]
    make_role(second, open_to_all)
    refused = api.post("/accounts/shop/connection")
    assert (refused.status_code, refused.json()["code"]) == (409, "works_without_external_id")
    setup = api.get("/accounts/shop/setup").json()
    assert setup["trust"] == trust(trusted, added["external_id"])
    make_role(second, setup["trust"])
    connected = api.post("/accounts/shop/connection").raise_for_status().json()
    assert connected["status"] == "connected"
    return "shop"


@pytest.fixture(scope="module")
def foreign(clients: Clients) -> Iterator[str]:
    """A stack of the own account that has the name which the network's has in the other one."""
    lab = Lab(clients, REGION)
    plan = lab.plan({"Role": role()}, name="egret-network-twin")
    lab.made.append(lab.stacks.create(plan, token="of-somebody-else"))
    yield lab.settled(lab.made[-1]).id
    lab.clean_up()


@pytest.fixture(scope="module")
def network(api: Api, shop: str, foreign: str) -> dict[str, Any]:
    assert foreign
    body = {"name": "twin", "region": REGION, "availability_zones": 1, "account": shop}
    api.post("/networks", body).raise_for_status()
    made = api.settled("/networks/twin")
    assert made["status"] == "ready", made["reason"]
    return made


def test_accounts_are_managed_on_their_pages(api: Api, dashboard: Dashboard, shop: str) -> None:
    cookies = dashboard.signed_in()

    def sent(path: str, **form: str) -> int:
        url = f"{dashboard.url}{path}"
        return plain_http.post(url, data=form, cookies=cookies, timeout=WAIT_S).status_code

    assert sent("/accounts", name="stall", number="111122223333") == 303
    assert {row["name"] for row in api.get("/accounts").json()["items"]} >= {shop, "stall"}
    assert sent("/accounts/stall/removal", confirm="stall") == 303
    assert sent(f"/accounts/{shop}/connection") == 303
    assert api.get(f"/accounts/{shop}").json()["status"] == "connected"


def test_a_network_is_in_its_account_alone(
    network: dict[str, Any], foreign: str, clients: Clients, second: Clients
) -> None:
    assert network["account"] == "shop"
    assert network["stack_id"].split(":")[4] == SECOND_ACCOUNT
    assert network["stack_id"].split("/")[1] == foreign.split("/")[1]
    there = clients.cloudformation(REGION).describe_stacks(StackName=foreign)["Stacks"]
    assert there[0]["StackStatus"] == "CREATE_COMPLETE"
    (address,) = network["addresses"]

    def has(account: Clients) -> bool:
        found = account.ec2(REGION).describe_addresses()["Addresses"]
        return address["allocation_id"] in {each["AllocationId"] for each in found}

    assert (has(clients), has(second)) == (False, True)


def test_calls_come_from_its_address(api: Api, network: dict[str, Any]) -> None:
    (proof,) = api.post("/networks/twin/proofs").raise_for_status().json()["items"]
    assert (proof["ok"], proof["seen_ip"]) == (True, network["addresses"][0]["public_ip"])


def test_a_function_works_with_a_key_of_its_account(
    api: Api, network: dict[str, Any], sandbox: Sandbox, clients: Clients, second: Clients
) -> None:
    secret = partner_key(sandbox, addresses_of(network))
    key = {"name": "twin-key", "secret": secret, "account": "shop"}
    wait_for(lambda: api.post("/keys", key).status_code in (201, 409), WAIT_S)
    function = {"name": "twin-fun", "template": "clash_rankings", "network": "twin"}
    made = api.post("/functions", function | {"key": "twin-key", "settings": SETTINGS})
    assert made.status_code == 202, made.text
    ready = api.settled("/functions/twin-fun")
    assert (ready["status"], ready["account"]) == ("ready", "shop"), ready["reason"]
    snapshot = api.post("/functions/twin-fun/snapshots").json()
    assert (snapshot["ok"], snapshot["egress_ip"]) == (True, network["addresses"][0]["public_ip"])

    def secrets(account: Clients) -> list[str]:
        found = account.secretsmanager(REGION).list_secrets()["SecretList"]
        return [each["Name"] for each in found if "twin-key" in each["Name"]]

    assert (len(secrets(clients)), len(secrets(second))) == (0, 1)


def test_drift_is_looked_for_in_its_account(api: Api, network: dict[str, Any]) -> None:
    report = api.post(f"/networks/{network['name']}/drift").raise_for_status().json()
    assert (report["stack"]["status"], report["differences"]) == ("IN_SYNC", [])


def test_an_address_is_adopted_in_its_account(api: Api, shop: str, second: Clients) -> None:
    there = second.ec2(REGION).allocate_address(Domain="vpc")
    wanted = {"region": REGION, "adopt": there["AllocationId"]}
    unknown = api.post("/addresses", wanted)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "address_unknown")
    adopted = api.post("/addresses", wanted | {"account": shop}).json()
    assert (adopted["account"], adopted["public_ip"]) == (shop, there["PublicIp"])
    released = api.delete(f"/addresses/{adopted['id']}", {"confirm": adopted["public_ip"]})
    assert released.status_code == 204


def test_orphans_of_the_other_account_are_its_own(api: Api, network: dict[str, Any]) -> None:
    """The stack of the same name in the own account is none of Egret's, as it lacks its tags."""
    found = api.get("/orphans").json()
    assert found["unread"] == {}
    assert network["stack_id"] not in {each["id"] for each in found["items"]}


def test_a_role_that_is_gone_half_way_is_told_and_the_work_goes_on_once_it_is_back(
    api: Api, network: dict[str, Any], dashboard: Dashboard, second: Clients
) -> None:
    assert network["status"] == "ready"
    delete_role(second)
    api.post("/networks/twin/parking")

    def told() -> bool:
        look_again(dashboard, "network")
        return f"{SECOND_ACCOUNT}:assumed-role/{ROLE}" in str(api.get("/networks/twin").json())

    wait_for(told, WAIT_S)
    waiting = api.get("/networks/twin").json()
    assert (waiting["status"], "is not authorized" in waiting["reason"]) == ("parking", True)
    assert f"role {ROLE}" in waiting["remedy"]
    assert "continues automatically" in waiting["remedy"]
    make_role(second, api.get("/accounts/shop/setup").json()["trust"])

    def goes_on() -> bool:
        look_again(dashboard, "network")
        return bool(api.get("/networks/twin").json()["status"] == "parked")

    wait_for(goes_on, WAIT_S)


def test_an_account_is_removed_once_nothing_is_in_it(api: Api, network: dict[str, Any]) -> None:
    refused = api.delete("/accounts/shop")
    assert (refused.status_code, refused.json()["code"]) == (409, "account_not_empty")
    for path in ("/functions/twin-fun", "/networks/twin"):
        api.delete(path).raise_for_status()
        api.gone(path)
    api.delete("/keys/twin-key").raise_for_status()
    (address,) = network["addresses"]
    released = api.delete(f"/addresses/{address['id']}", {"confirm": address["public_ip"]})
    assert released.status_code == 204, released.text
    assert api.delete("/accounts/shop").status_code == 204
