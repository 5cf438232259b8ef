"""The proof of the policy: the whole life needs nothing that it lacks, and all that it has.

One dashboard lives through everything in the sandbox, which enforces the policy and remembers each
decision. Actions that no decision was about are for ways that only AWS takes, or that take long:
each is listed with its reason.
"""

from collections.abc import Iterator

import httpx
import pytest

from tests import plain_http
from tests.aws.policy.damage import damage
from tests.dashboard import Api, Dashboard, wait_for
from tests.portal import addresses_of, partner_key
from tests.sandbox.credentials import put_switches
from tests.services.functions.catalogue.folders import write_template
from webapp.aws import policy
from webapp.aws.clients import Clients
from webapp.aws.policy import Place
from webapp.sandbox.launcher import ACCOUNT, Sandbox

REGION = "eu-central-1"
NETWORK, FUNCTION = "/networks/living", "/functions/living"
PREFIX = "living"
WAIT_S = 30.0
NOT_IN_THE_LIFE = {
    "It has no other account": "sts:AssumeRole",
    "A rollback that is stuck; tests/faults makes one": "cloudformation:ContinueUpdateRollback",
    "Tags of a stack that are taken off: the sandbox keeps those that its resources have": (
        "cloudformation:UntagResource iam:UntagRole kms:UntagResource lambda:UntagResource "
        "logs:UntagResource"
    ),
    "Reads of handlers, which the sandbox's make for the drift of networks alone": (
        "iam:ListRoleTags lambda:GetPolicy lambda:ListTags"
    ),
    "The early validation of a stack, which the sandbox has not": "cloudformation:DescribeEvents",
    "What keeps a VPC from being deleted; tests/faults puts it in the way": (
        "ec2:DeleteNetworkInterface ec2:DescribeCarrierGateways "
        "ec2:DescribeEgressOnlyInternetGateways ec2:DescribeSecurityGroupVpcAssociations"
    ),
    "Only where Block Public Access is on": "ec2:DescribeVpcBlockPublicAccessExclusions",
    "The foundation is made once; nobody checks its drift, changes or deletes it": (
        "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus "
        "kms:ListResourceTags kms:PutKeyPolicy kms:UpdateAlias"
    ),
    "A foundation whose creation fails is rolled back": (
        "kms:DeleteAlias kms:ScheduleKeyDeletion s3:DeleteBucket s3:DeleteBucketPolicy"
    ),
    "The bucket of code is made once; nobody checks its drift": (
        "s3:GetBucketOwnershipControls s3:GetBucketPublicAccessBlock s3:GetBucketTagging "
        "s3:GetEncryptionConfiguration"
    ),
    "Roles from before there was a boundary": "iam:PutRolePermissionsBoundary",
    "Code of a later version of Egret": "lambda:UpdateFunctionCode",
    "AWS knows no value of the account itself": "servicequotas:GetAWSDefaultServiceQuota",
    "A key is stored under a name whose deletion is scheduled": "secretsmanager:RestoreSecret",
}


SHOP = """
title = "Shop"
summary = "What a number of things costs."
version = "1.0"
partner = "clash_of_clans"
partner_origin = "https://api.clashofclans.com"
[settings]
required = ["count"]
[settings.properties.count]
type = "integer"
"""
HANDLER = """
import json
import os
import prices

def handler(event, context):
    count = json.loads(os.environ["SETTINGS"])["count"]
    return {"statusCode": 200, "body": json.dumps({"cost": count * prices.PRICE})}
"""


@pytest.fixture(scope="module")
def living(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    templates = tmp_path_factory.mktemp("templates")
    folder = write_template(templates, "shop", description=SHOP, handler=HANDLER)
    (folder / "package").mkdir()
    (folder / "package" / "prices.py").write_text("PRICE = 3\n")
    own = {"EGRET_NAME_PREFIX": PREFIX, "EGRET_TEMPLATES_DIR": str(templates)}
    with Dashboard(sandbox, tmp_path_factory.mktemp(PREFIX), environment=own) as running:
        yield running


def test_the_whole_life_is_allowed_and_uses_the_whole_policy(
    living: Dashboard, sandbox: Sandbox, clients: Clients
) -> None:
    api = living.api()
    create(api, sandbox)
    pack(api)
    grow(api, sandbox)
    drift(api, clients)
    park(api)
    fail(api, sandbox)
    end(api)
    made = decisions(sandbox)
    assert [action for _, action, allowed in made if not allowed] == []
    used = {action for _, action, _ in made}
    excused = [action for actions in NOT_IN_THE_LIFE.values() for action in actions.split()]
    unused = actions_of_the_policy() - used
    assert (unused - set(excused), set(excused) - unused) == (set(), set())


def actions_of_the_policy() -> set[str]:
    """As the dashboard has them, where CloudFormation acts with its permissions."""
    place = Place(ACCOUNT, prefix=PREFIX)
    documents = [policy.dashboard(place), policy.cloudformation(place)]
    listed = [each["Action"] for document in documents for each in document["Statement"]]
    return {a for entry in listed for a in ([entry] if isinstance(entry, str) else entry)}


def decisions(sandbox: Sandbox) -> list[tuple[str, str, bool]]:
    """What the sandbox decided for this dashboard: who, the action, whether it was allowed."""
    info = sandbox.info
    user = (info.access_key_id, info.secret_access_key)
    made = (
        plain_http.get(f"{info.aws_endpoint}/_egret/decisions", auth=user).raise_for_status().json()
    )
    return [each for each in made if each[0].endswith(f":user/dashboard-of-{PREFIX}")]


def ok(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


def create(api: Api, sandbox: Sandbox) -> None:
    body = {"name": "living", "region": REGION, "availability_zones": 1, "tags": {"team": "x"}}
    ok(api.post("/networks", body))
    network = api.settled(NETWORK)
    assert network["status"] == "ready", network["reason"]
    ok(api.post(f"{NETWORK}/proofs"))
    secret = partner_key(sandbox, addresses_of(network))
    ok(api.post("/keys", {"name": "clash", "secret": secret}))
    settings = {"location": "32000006", "limit": 10}
    function = {"name": "living", "template": "clash_rankings", "network": "living", "key": "clash"}
    ok(api.post("/functions", function | {"settings": settings}))
    made = api.settled(FUNCTION)
    assert made["status"] == "ready", made["reason"]
    assert api.post(f"{FUNCTION}/snapshots").json()["ok"]
    ok(api.get(f"{FUNCTION}/logs"))
    assert ok(api.get(f"{FUNCTION}/metrics?range=1h")).json()["totals"]["invocations"]
    ok(api.get(f"{FUNCTION}/diagnosis"))


def pack(api: Api) -> None:
    """A function from a template of the user's, whose dependency goes by the bucket."""
    function = {"name": "packed", "template": "shop", "network": "living", "key": "clash"}
    ok(api.post("/functions", function | {"settings": {"count": 2}}))
    made = api.settled("/functions/packed")
    assert made["status"] == "ready", made["reason"]
    answer = ok(api.post("/functions/packed/invocations")).json()
    assert (answer["status"], answer["body"]) == (200, '{"cost": 6}')
    ok(api.delete("/functions/packed"))
    api.gone("/functions/packed")


def grow(api: Api, sandbox: Sandbox) -> None:
    """By a zone, and to a NAT gateway in each, for which the key needs another version."""
    change = {"availability_zones": 2, "nat": "per_az"}
    requested = ok(api.post(f"{NETWORK}/change", change)).json()
    ok(api.post("/keys/clash/versions", {"secret": partner_key(sandbox, addresses_of(requested))}))
    ok(api.put("/keys/clash/versions/current", {"anyway": True}))
    ok(api.put("/keys/clash/versions/current", {}))
    wait_for(lambda: api.get(NETWORK).json()["change"]["preview"], WAIT_S)
    ok(api.post(f"{NETWORK}/change/confirmation", {}))
    assert api.settled(NETWORK)["availability_zones"] == 2
    ok(api.get(f"{NETWORK}/diagnosis"))
    api.settled(FUNCTION)


def drift(api: Api, clients: Clients) -> None:
    assert ok(api.post(f"{NETWORK}/drift")).json()["stack"]["status"] == "IN_SYNC"
    stack = api.get(NETWORK).json()["stack_id"]
    found = clients.cloudformation(REGION).describe_stack_resources(StackName=stack)
    ids = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in found["StackResources"]}
    acl = damage(clients.ec2(REGION), ids)
    left = ok(api.post(f"{NETWORK}/drift/restoration")).json()["drift"]
    assert left["in_sync"], left["differences"]
    clients.ec2(REGION).delete_network_acl(NetworkAclId=acl)
    ok(api.post(f"{NETWORK}/protection"))
    ok(api.delete(f"{NETWORK}/protection"))


def park(api: Api) -> None:
    ok(api.post(f"{NETWORK}/parking"))
    assert api.settled(NETWORK)["status"] == "parked"
    ok(api.delete(f"{NETWORK}/parking"))
    assert api.settled(NETWORK)["status"] == "ready"


def fail(api: Api, sandbox: Sandbox) -> None:
    """A creation that fails and is rolled back."""
    stack = f"{PREFIX}-network-failing"
    late = {"stack": stack, "resource": "NatGateway1", "when": "create", "reason": "Late."}
    put_switches(sandbox.info, [late])
    ok(api.post("/networks", {"name": "failing", "region": REGION, "availability_zones": 1}))
    assert api.settled("/networks/failing")["status"] == "failed"
    put_switches(sandbox.info, [])
    ok(api.delete("/networks/failing"))
    api.gone("/networks/failing")


def end(api: Api) -> None:
    for path in (FUNCTION, NETWORK):
        ok(api.delete(path))
        api.gone(path)
    ok(api.delete("/keys/clash"))
    ok(api.get("/orphans"))
    for address in api.get("/addresses").json()["items"]:
        ok(api.delete(f"/addresses/{address['id']}", {"confirm": address["public_ip"]}))
