"""The templates, deployed: each shape of a network, each kind of access, and nothing is left."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from tests import plain_http
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
from webapp.aws.callers import Callers, CallLimits
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Phase, Stack
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
        stage="live",
        access="open",
        cors_origins=(ORIGIN,),
    )
    secrets.delete(REGION, secret_arn)
    lab.clean_up()


def get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return plain_http.get(url, headers=headers or {}, timeout=CALL_TIMEOUT_S)


def read(url: str, *calls: dict[str, str]) -> list[int]:
    """What each call was answered; a page of the origin may read all of it."""
    answers = [get(url, headers) for headers in calls]
    assert {each.headers["Access-Control-Allow-Origin"] for each in answers} == {ORIGIN}
    return [each.status_code for each in answers]


def where(stack: Stack) -> tuple[str, str]:
    return stack.outputs["RestApiId"], stack.outputs["StageName"]


def test_an_endpoint_answers_whom_each_access_says_and_its_stack_leaves_nothing(
    lab: Lab, sandbox: Sandbox, place: FunctionStack
) -> None:
    """One stack, changed in place: its URL stays, and so do a caller's key and its limits."""
    before = inventory(lab)
    function = replace(place, name=unique("f"), access="api_key", stage="prod", path="clans/top")
    stack, callers = deployed(lab, function.plan()), Callers(lab.clients)
    url = f"{endpoint(sandbox, stack)}clans/top"
    limits, name = CallLimits(rate=100.0, burst=100, quota=2), unique("caller")
    plan_id = callers.create_plan(REGION, name, limits, endpoint=where(stack), tags={})
    key = callers.create_key(REGION, name, tags={})
    callers.admit(REGION, plan_id, key.id)
    by_key = {"Origin": ORIGIN, "x-api-key": key.value}
    unsigned, signed = {"Origin": ORIGIN}, {"Origin": ORIGIN} | signature(sandbox, url)
    wrong = signed | {"Authorization": signed["Authorization"][:-4] + "0000"}

    assert read(url, by_key, unsigned, unsigned | {"x-api-key": "x"}) == [200, 403, 403]
    updated(lab, stack, replace(function, access="iam").plan())
    assert read(url, signed, unsigned, wrong, by_key) == [200, 403, 403, 403]
    updated(lab, stack, replace(function, access="open").plan())
    assert read(url, unsigned, by_key) == [200, 200]
    updated(lab, stack, replace(function, access="api_key").plan())
    assert read(url, by_key, by_key, unsigned, signed) == [200, 429, 403, 403]
    asked = plain_http.options(url, headers={"Origin": ORIGIN}, timeout=CALL_TIMEOUT_S)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    sent = {"content-type", "x-amz-content-sha256", "x-amz-user-agent", "if-none-match"}
    assert sent <= set(asked.headers["Access-Control-Allow-Headers"].split(","))
    assert int(asked.headers["Access-Control-Max-Age"]) >= 600

    callers.delete_key(REGION, key.id)
    assert read(url, by_key) == [403]
    callers.delete_plan(REGION, plan_id)
    updated(lab, stack, replace(function, cors_origins=()).plan())
    refused = plain_http.options(url, headers={"Origin": ORIGIN}, timeout=CALL_TIMEOUT_S)
    assert refused.status_code == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert lab.deleted(stack.id).phase is Phase.GONE
    assert inventory(lab) == before


def test_an_endpoint_answers_each_of_its_methods_also_below_its_path(
    lab: Lab, sandbox: Sandbox, place: FunctionStack
) -> None:
    code = (
        "def handler(event, context):\n"
        "    said = event['httpMethod'] + ' ' + event['path']\n"
        "    return {'statusCode': 200, 'body': said}\n"
    )
    function = replace(place, name=unique("f"), code=code, methods=("GET", "POST"), subpaths=True)
    stack = deployed(lab, replace(function, path="bank").plan())
    url = f"{endpoint(sandbox, stack)}bank"
    assert get(url).text == "GET /bank"
    assert plain_http.post(f"{url}/a/b", timeout=CALL_TIMEOUT_S).text == "POST /bank/a/b"
    assert plain_http.options(f"{url}/a/b").headers["Access-Control-Allow-Methods"] == "GET,POST"
    for refused in (plain_http.delete(f"{url}/a"), get(endpoint(sandbox, stack))):
        assert refused.json() == {"message": "Missing Authentication Token"}


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
