"""The templates, deployed: each shape of a network, each kind of access, and nothing is left."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from tests.aws.deployment import (
    ECHO_URL,
    PARTNER_URL,
    REGION,
    associated,
    deployed,
    endpoint,
    inventory,
    nat_routes,
    network_plan,
    probed,
    signature,
    updated,
    zones_of,
)
from tests.portal import partner_key
from tests.sandbox.lab import Lab, unique
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.cloudformation.templates import FunctionStack, foundation_plan
from webapp.aws.secrets import Secrets
from webapp.sandbox.launcher import Sandbox
from webapp.services.functions.catalogue.templates import get_template

ORIGIN = "https://example.com"
CALL_TIMEOUT_S = 30.0


# --- Networks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zones", "nat"),
    [(1, "single"), (3, "single"), (3, "per_az")],
)
def test_each_zone_of_a_network_has_its_way_out_and_the_stack_leaves_nothing(
    lab: Lab, zones: int, nat: str
) -> None:
    before = inventory(lab)
    ids = [lab.allocate() for _ in range(zones if nat == "per_az" else 1)]
    ways_out = [lab.address(allocation_id) for allocation_id in ids]
    stack = deployed(lab, network_plan(ids, zones, nat))
    assert probed(lab, stack) == (ways_out if nat == "per_az" else ways_out * zones)
    assert zones_of(lab, stack) == [f"{REGION}{letter}" for letter in "abc"[:zones]]
    assert inventory(lab) != before
    assert lab.deleted(stack.id).phase is Phase.GONE
    assert inventory(lab) == before
    assert not any(associated(lab, allocation_id) for allocation_id in ids)


def test_a_parked_network_keeps_its_addresses_and_comes_back_with_them(lab: Lab) -> None:
    ids, name = [lab.allocate(), lab.allocate()], unique("n")
    stack = deployed(lab, network_plan(ids, 2, "per_az", name=name))
    assert len(nat_routes(lab, stack)) == 2

    parked = updated(lab, stack, network_plan(ids, 2, "per_az", name=name, parked=True))
    assert not nat_routes(lab, parked)
    assert not any(associated(lab, allocation_id) for allocation_id in ids)
    kept = stack.outputs.keys() - {"NatGatewayIds"}
    assert parked.outputs == {key: stack.outputs[key] for key in kept}

    back = updated(lab, stack, network_plan(ids, 2, "per_az", name=name))
    assert probed(lab, back) == [lab.address(allocation_id) for allocation_id in ids]


# --- Functions ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(clients: Clients, sandbox: Sandbox) -> Iterator[FunctionStack]:
    """A network, a KMS key and a partner's key for its address: what a function needs."""
    lab = Lab(clients, REGION)
    foundation = deployed(lab, foundation_plan(REGION, prefix=unique("lab")))
    allocation_id = lab.allocate()
    network = deployed(lab, network_plan([allocation_id], 1, "single"))
    kms_key_arn, secrets = foundation.outputs["KeyArn"], Secrets(clients)
    secret = partner_key(sandbox, [lab.address(allocation_id)])
    secret_arn = secrets.create(
        REGION,
        unique("lab/key"),
        secret,
        token=str(uuid.uuid4()),
        kms_key_arn=kms_key_arn,
        tags={},
    )
    template = get_template("clash_rankings")
    yield FunctionStack(
        prefix="lab",
        name="f",
        region=REGION,
        code=template.handler,
        subnet_ids=tuple(network.outputs["PrivateSubnetIds"].split(",")),
        security_group_id=network.outputs["SecurityGroupId"],
        secret_arn=secret_arn,
        kms_key_arn=kms_key_arn,
        partner_url=PARTNER_URL,
        echo_url=ECHO_URL,
        settings={"location": "32000006", "limit": 3},
        memory_mb=template.memory_mb,
        timeout_s=template.timeout_s,
        calls_per_second=10,
        call_burst=20,
        calls_per_day=100_000,
        access="open",
        cors_origins=(ORIGIN,),
    )
    secrets.delete(REGION, secret_arn)
    lab.clean_up()


def get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.get(url, headers=headers or {}, timeout=CALL_TIMEOUT_S)


@pytest.mark.parametrize("access", ["open", "api_key", "iam"])
def test_an_endpoint_answers_whom_its_access_says_and_its_stack_leaves_nothing(
    lab: Lab, sandbox: Sandbox, place: FunctionStack, access: str
) -> None:
    before = inventory(lab)
    stack = deployed(lab, replace(place, name=unique("f"), access=access).plan())
    url = endpoint(sandbox, stack)
    headers = {}
    if access != "open":
        assert get(url).status_code == 403
    if access == "iam":
        headers = signature(sandbox, url)
    if access == "api_key":
        gateway = lab.clients.apigateway(REGION)
        key = gateway.get_api_key(apiKey=stack.outputs["ApiKeyId"], includeValue=True)["value"]
        headers = {"x-api-key": key}
    answer = get(url, headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == 3
    assert inventory(lab) != before
    assert lab.deleted(stack.id).phase is Phase.GONE
    assert inventory(lab) == before


def test_a_named_origin_may_ask_beforehand_and_read_refusals(
    lab: Lab, sandbox: Sandbox, place: FunctionStack
) -> None:
    stack = deployed(lab, replace(place, name=unique("f"), access="api_key").plan())
    url = endpoint(sandbox, stack)
    asked = httpx.options(url, headers={"Origin": ORIGIN}, timeout=CALL_TIMEOUT_S)
    refused = get(url, {"Origin": ORIGIN})
    assert refused.status_code == 403
    for answer in (asked, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    sent = {"content-type", "x-amz-content-sha256", "x-amz-user-agent", "if-none-match"}
    assert sent <= set(asked.headers["Access-Control-Allow-Headers"].split(","))
    assert int(asked.headers["Access-Control-Max-Age"]) >= 600


def test_the_api_is_deployed_after_all_its_parts(lab: Lab, place: FunctionStack) -> None:
    stack = deployed(lab, replace(place, name=unique("f")).plan())
    made = [
        event.logical_id
        for event in lab.stacks.events(REGION, stack.id)
        if event.status == "CREATE_COMPLETE"
    ]
    deployment = next(name for name in made if name.startswith("Deployment"))
    parts = {"Get", "Preflight", "ClientErrors", "ServerErrors"}
    assert parts <= set(made[: made.index(deployment)])


def test_another_handler_and_access_are_live_after_an_update(
    lab: Lab, sandbox: Sandbox, place: FunctionStack
) -> None:
    before = replace(place, name=unique("f"))
    stack = deployed(lab, before.plan())
    code = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'another'}\n"
    assert get(endpoint(sandbox, stack)).status_code == 200
    again = updated(lab, stack, replace(before, code=code).plan())
    assert get(endpoint(sandbox, again)).text == "another"
    closed = updated(lab, stack, replace(before, code=code, access="iam").plan())
    assert get(endpoint(sandbox, closed)).status_code == 403
