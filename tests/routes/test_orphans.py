"""Orphans: what Egret made and has no record of is found, adopted or deleted; nothing else is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard import Api, Dashboard, wait_for
from tests.tokens import mint
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import Sandbox

REGION = "eu-west-1"
PREFIX = "orphaned"
HOME_REGION = "eu-central-1"
REQUEST = {"name": "lost", "region": REGION, "availability_zones": 1}


@pytest.fixture(scope="module")
def forgotten(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """A network and a free address whose database is lost. Gives the network."""
    with dashboard(sandbox, tmp_path_factory.mktemp("lost")) as first:
        api = first.api()
        api.post("/addresses", {"region": REGION}).raise_for_status()
        api.post("/keys", {"name": "lost", "secret": mint()}).raise_for_status()
        api.post("/networks", REQUEST).raise_for_status()
        yield api.settled("/networks/lost")


@pytest.fixture(scope="module")
def api(
    forgotten: dict[str, Any], sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    """A dashboard of the same prefix with a new database, and one network that it knows."""
    assert forgotten["status"] == "ready"
    with dashboard(sandbox, tmp_path_factory.mktemp("new")) as second:
        api = second.api()
        api.post("/networks", REQUEST | {"name": "known"}).raise_for_status()
        api.settled("/networks/known")
        yield api
        api.delete("/networks/known").raise_for_status()
        api.gone("/networks/known")


def dashboard(sandbox: Sandbox, folder: Path) -> Dashboard:
    return Dashboard(sandbox, folder, environment={"EGRET_NAME_PREFIX": PREFIX})


def orphans(api: Api) -> dict[tuple[str, str], dict[str, Any]]:
    found = api.get("/orphans").raise_for_status().json()
    assert not found["unread"]
    return {(orphan["kind"], orphan["name"]): orphan for orphan in found["items"]}


def delete(api: Api, orphan: dict[str, Any], confirm: str) -> Any:
    which = {key: orphan[key] for key in ("region", "kind", "id")}
    return api.delete("/orphans", which | {"confirm": confirm})


def tags_of(stack: str, network: str) -> list[dict[str, str]]:
    return [
        {"Key": "aws:cloudformation:stack-name", "Value": stack},
        {"Key": "egret:managed", "Value": "true"},
        {"Key": "egret:network", "Value": network},
    ]


def test_exactly_what_has_no_record_is_found_with_its_cost(
    api: Api, forgotten: dict[str, Any]
) -> None:
    found = orphans(api)
    used = forgotten["addresses"][0]["public_ip"]
    stack = found["stack", f"{PREFIX}-network-lost"]
    assert (stack["id"], stack["monthly_cost_usd"]) == (forgotten["stack_id"], 32.85)
    assert not found["address", used]["adoptable"]
    assert len([kind for kind, _ in found if kind == "address"]) == 2
    assert not [kind for kind, _ in found if kind in ("nat_gateway", "interface")]
    assert not [name for _, name in found if "known" in name]


def test_a_free_address_is_adopted(api: Api, forgotten: dict[str, Any]) -> None:
    used = forgotten["addresses"][0]["public_ip"]
    ((_, free),) = [key for key in orphans(api) if key[0] == "address" and key[1] != used]
    orphan = orphans(api)["address", free]
    adopted = api.post("/orphans/adoption", {"region": REGION, "id": orphan["id"]})
    assert (adopted.status_code, adopted.json()["public_ip"]) == (201, free)
    assert ("address", free) not in orphans(api)
    assert api.post("/orphans/adoption", {"region": REGION, "id": orphan["id"]}).status_code == 404


def test_a_stack_is_deleted_when_it_is_typed_and_its_address_stays(
    api: Api, forgotten: dict[str, Any]
) -> None:
    name, used = f"{PREFIX}-network-lost", forgotten["addresses"][0]["public_ip"]
    stack = orphans(api)["stack", name]
    assert delete(api, stack, "something else").status_code == 422
    assert delete(api, stack, name).status_code == 202
    wait_for(lambda: ("stack", name) not in orphans(api), 60)
    left = orphans(api)["address", used]
    assert left["adoptable"]
    assert delete(api, left, used).status_code == 202
    assert ("address", used) not in orphans(api)


def test_a_secret_without_a_key_is_found_and_can_be_restored_after_its_deletion(
    api: Api, clients: Clients
) -> None:
    """One of a key is not found, nor one of another dashboard or of nobody in the same folder."""
    manager = clients.secretsmanager(HOME_REGION)
    others = [f"{PREFIX}/key/made-by-hand", f"x{PREFIX}/key/other", f"{PREFIX}-x/key/other"]
    tags: Any = [{"Key": "egret:key", "Value": "other"}]
    for name in others:
        manager.create_secret(Name=name, Tags=[] if name == others[0] else tags)
    api.post("/keys", {"name": "known", "secret": mint()}).raise_for_status()
    found = orphans(api)
    assert not [name for _, name in found if "known" in name or "other" in name or "hand" in name]
    ((_, name),) = [key for key in found if key[0] == "secret"]
    secret = found["secret", name]
    assert name.startswith(f"{PREFIX}/key/lost-")
    assert (secret["monthly_cost_usd"], secret["region"]) == (0.4, HOME_REGION)
    assert not secret["adoptable"]
    assert delete(api, secret, "lost").status_code == 422
    assert delete(api, secret, name).status_code == 202
    assert ("secret", name) not in orphans(api)
    manager.restore_secret(SecretId=secret["id"])
    assert ("secret", name) in orphans(api)
    for each in (*others, name):
        manager.delete_secret(SecretId=each, ForceDeleteWithoutRecovery=True)
    api.delete("/keys/known").raise_for_status()


def test_what_a_deletion_left_undeleted_is_found(api: Api, clients: Clients) -> None:
    """By the tags of a stack that is gone, but not of another dashboard with a longer prefix."""
    ec2: Any = clients.ec2(REGION)
    tags = tags_of(f"{PREFIX}-network-gone", "gone")
    theirs = tags_of(f"{PREFIX}-network-network-gone", "gone")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": tags}],
    )["NatGateway"]["NatGatewayId"]
    interfaces = [
        ec2.create_network_interface(
            SubnetId=subnet,
            TagSpecifications=[{"ResourceType": "network-interface", "Tags": given}],
        )["NetworkInterface"]["NetworkInterfaceId"]
        for given in (tags, theirs)
    ]
    found = orphans(api)
    assert found["nat_gateway", nat]["monthly_cost_usd"] == 32.85
    assert ("interface", interfaces[0]) in found
    assert ("interface", interfaces[1]) not in found
    for key in (("nat_gateway", nat), ("interface", interfaces[0])):
        assert delete(api, found[key], key[1]).status_code == 202
        assert key not in orphans(api)
    ec2.delete_network_interface(NetworkInterfaceId=interfaces[1])
    ec2.release_address(AllocationId=address)


def test_what_has_a_record_is_not_deleted(api: Api) -> None:
    known = api.get("/networks/known").json()
    stack = {"kind": "stack", "region": REGION, "id": known["stack_id"]}
    assert delete(api, stack, f"{PREFIX}-network-known").status_code == 404
    address = known["addresses"][0]
    mine = {"kind": "address", "region": REGION, "id": address["allocation_id"]}
    assert delete(api, mine, address["public_ip"]).status_code == 404
