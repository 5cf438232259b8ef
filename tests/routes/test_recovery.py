"""Failures are explained, and what was begun is retried or continued from where it stopped."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import plain_http
from tests.dashboard import Api, Dashboard, wait_for
from tests.faults import replicas
from tests.fixtures import NETWORK_QUOTA
from tests.sandbox.credentials import clients_of
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox, read_info

REGION = "eu-west-1"
LEASE_S = "2"  # what a killed dashboard held is taken over after this long
EMPTY = json.dumps({"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})


@pytest.fixture(scope="module")
def api(dashboard: Dashboard) -> Api:
    return dashboard.api()


@pytest.fixture
def no_room(clients: Clients) -> Iterator[list[str]]:
    """A region whose quota of VPCs is used up. Gives the VPCs that may be deleted."""
    ec2 = clients.ec2(REGION)
    room = NETWORK_QUOTA - len(ec2.describe_vpcs()["Vpcs"])
    made = [ec2.create_vpc(CidrBlock=f"10.{200 + n}.0.0/16")["Vpc"]["VpcId"] for n in range(room)]
    yield made
    for vpc_id in made:
        ec2.delete_vpc(VpcId=vpc_id)


def create(api: Api, name: str) -> dict[str, Any]:
    body = {"name": name, "region": REGION, "availability_zones": 1}
    found: dict[str, Any] = api.post("/networks", body).raise_for_status().json()
    return found


def remove(api: Api, name: str) -> None:
    api.delete(f"/networks/{name}").raise_for_status()
    api.gone(f"/networks/{name}")


def test_a_used_up_quota_is_reported_before_anything_is_made(
    api: Api, clients: Clients, no_room: list[str]
) -> None:
    ec2 = clients.ec2(REGION)
    addresses = ec2.describe_addresses()["Addresses"]
    body = {"name": "crowded", "region": REGION, "availability_zones": 1}
    refused = api.post("/networks", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_exceeded")
    assert f"{NETWORK_QUOTA} of {NETWORK_QUOTA} VPCs in {REGION} in use" in refused.json()["detail"]
    assert "servicequotas" in refused.json()["remedy"]
    assert api.get("/networks/crowded").status_code == 404
    assert ec2.describe_addresses()["Addresses"] == addresses
    ec2.delete_vpc(VpcId=no_room.pop())
    assert create(api, "crowded")["status"] in ("requested", "creating")
    assert api.settled("/networks/crowded")["status"] == "ready"


def test_a_foreign_stack_of_the_same_name_is_left_as_it_is(api: Api, clients: Clients) -> None:
    cloudformation = clients.cloudformation(REGION)
    theirs = cloudformation.create_stack(
        StackName="egret-network-theirs", TemplateBody=EMPTY, ClientRequestToken="somebody-else"
    )["StackId"]
    create(api, "theirs")
    failed = api.settled("/networks/theirs")
    assert failed["status"] == "failed"
    assert "already a stack named egret-network-theirs" in failed["reason"]
    remove(api, "theirs")
    (stack,) = cloudformation.describe_stacks(StackName=theirs)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName=theirs)


def test_a_failed_network_is_tried_again_by_the_api_and_by_its_page(
    api: Api, dashboard: Dashboard, clients: Clients
) -> None:
    cloudformation, name = clients.cloudformation(REGION), "egret-network-blocked"
    cloudformation.create_stack(StackName=name, TemplateBody=EMPTY, ClientRequestToken="theirs")
    create(api, "blocked")
    assert api.settled("/networks/blocked")["status"] == "failed"
    cookies, page = dashboard.signed_in(), f"{dashboard.url}/networks/blocked/attempts"
    assert plain_http.post(page, cookies=cookies).status_code == 303
    again = api.settled("/networks/blocked")
    assert "already a stack named egret-network-blocked" in again["reason"]
    cloudformation.delete_stack(StackName=name)
    stacks = cloudformation.get_paginator("describe_stacks")
    wait_for(lambda: name not in str(list(stacks.paginate())), 30)
    assert api.post("/networks/blocked/attempts").status_code == 202
    assert api.settled("/networks/blocked")["status"] == "ready"
    assert api.post("/networks/blocked/attempts").status_code == 409
    remove(api, "blocked")


def test_a_network_can_be_deleted_while_it_is_made(api: Api) -> None:
    assert create(api, "hasty")["status"] in ("requested", "creating")
    remove(api, "hasty")
    assert not [n for n in api.get("/networks").json()["items"] if n["name"] == "hasty"]


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(dashboard: Dashboard) -> None:
    cookies = dashboard.signed_in()
    assert plain_http.get(dashboard.url, cookies=cookies).status_code == 200
    assert plain_http.post(f"{dashboard.url}/sign-out", cookies=cookies).status_code == 303
    refused = plain_http.get(dashboard.url, cookies=cookies)
    assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in?next=/")


def test_a_running_dashboard_is_alive_and_ready(dashboard: Dashboard) -> None:
    for path in ("/healthz", "/readyz"):
        assert plain_http.get(f"{dashboard.url}{path}").status_code == 200


def test_what_a_killed_dashboard_began_is_continued(sandbox: Sandbox, tmp_path: Path) -> None:
    """By itself when it is started again, or by another one that has been running."""
    environment = {"EGRET_NAME_PREFIX": "killed", "EGRET_LEASE_S": LEASE_S}
    with ExitStack() as stack:
        own = stack.enter_context(Dashboard(sandbox, tmp_path, environment=environment))
        others = [
            stack.enter_context(own.replica(tmp_path / str(number)))
            for number in range(1, replicas.count())
        ]
        create(own.api(), "survivor")
        own.stop(signal.SIGKILL)
        api = (others or [own.start()])[0].api()
        network = api.settled("/networks/survivor")
        assert network["status"] == "ready", network["reason"]
        remove(api, "survivor")


def test_a_killed_demo_continues_with_one_vpc_and_one_address(tmp_path: Path) -> None:
    """Everything dies with the command: dashboard, embedded AWS, NAT and partner."""
    environment = {"EGRET_SANDBOX_PACE_S": "0.2", "EGRET_LEASE_S": LEASE_S}
    with Dashboard(None, tmp_path, environment, command="demo") as demo:
        api = demo.api()
        address = create(api, "survivor")["addresses"][0]["public_ip"]
        wait_for(lambda: len(api.get("/networks/survivor/events").json()["items"]) > 3, 30)
        demo.stop(signal.SIGKILL)
        wait_for(lambda: not demo.answers(), 10)
        demo.start()
        network = api.settled("/networks/survivor")
        assert network["status"] == "ready", network["reason"]
        assert [a["public_ip"] for a in network["addresses"]] == [address]
        ec2 = clients_of(read_info(tmp_path / "sandbox")).ec2(REGION)
        vpcs: Any = [{"Name": "cidr", "Values": ["10.0.0.0/16"]}]
        assert len(ec2.describe_vpcs(Filters=vpcs)["Vpcs"]) == 1
        assert len(ec2.describe_addresses()["Addresses"]) == 1


def test_a_token_that_the_command_prints_is_accepted(dashboard: Dashboard) -> None:
    token = dashboard.run("tokens", "create", "--name", "program").splitlines()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    assert plain_http.get(f"{dashboard.url}/api/v1/networks", headers=headers).status_code == 200


def test_the_command_prints_where_the_sandbox_is(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    with Sandbox.start(folder, pace_s=0, address_quota=5) as running:
        own = Dashboard(None, tmp_path, port=8000)
        assert json.loads(own.run("sandbox", "info", "--json")) == running.info.as_dict()
