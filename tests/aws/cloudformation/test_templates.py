"""The CloudFormation templates: valid, small, least privilege, and counted right."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from webapp.aws.cloudformation.conditions import parse
from webapp.aws.cloudformation.stacks import Plan
from webapp.aws.cloudformation.templates import (
    BODY_MAX_BYTES,
    ZONES_MAX,
    FunctionStack,
    NetworkStack,
    fits_inline,
    foundation_plan,
    subnet_cidrs,
)
from webapp.aws.partitions import dns_suffix, partition
from webapp.errors import TooLarge
from webapp.models import MAX_ZONES
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.paths import PATH_MAX_CHARS, PATH_MAX_PARTS

REGION = "eu-central-1"
PARTITIONS = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}


def network(zones: int = 2, nat: str = "single", *, parked: bool = False) -> Plan:
    names = tuple(f"{REGION}{letter}" for letter in "abc"[:zones])
    ids = tuple(f"eipalloc-{n}" for n in range(zones if nat == "per_az" else 1))
    return NetworkStack(
        prefix="egret",
        name="n",
        region=REGION,
        cidr="10.0.0.0/16",
        zones=names,
        nat=nat,
        allocation_ids=ids,
        echo_url="https://checkip.amazonaws.com",
        parked=parked,
    ).plan()


def function(access: str = "api_key", cors: tuple[str, ...] = (), **change: Any) -> Plan:
    template = get_template("clash_rankings")
    stack = FunctionStack(
        prefix="egret",
        name="f",
        region=REGION,
        code=template.handler,
        subnet_ids=("subnet-1", "subnet-2"),
        security_group_id="sg-1",
        secret_arn=f"arn:aws:secretsmanager:{REGION}:210987654321:secret:egret/key/k",
        kms_key_arn=f"arn:aws:kms:{REGION}:210987654321:key/k",
        partner_url=template.partner_origin,
        echo_url="https://checkip.amazonaws.com",
        settings={"location": "32000006", "limit": 10},
        memory_mb=template.memory_mb,
        timeout_s=template.timeout_s,
        calls_per_second=10,
        call_burst=20,
        stage="live",
        access=access,
        cors_origins=cors,
    )
    return replace(stack, **change).plan()


PLANS = {
    "network": network(3, "per_az"),
    "function": function(),
    "relay": function(path="a/b", methods=("GET", "POST", "PUT", "PATCH", "DELETE"), subpaths=True),
    "foundation": foundation_plan(REGION, prefix="egret"),
}


def test_cfn_lint_has_nothing_to_say(tmp_path: Path) -> None:
    for name, plan in PLANS.items():
        (tmp_path / f"{name}.yaml").write_text(plan.body)
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    command = [str(cfn_lint), *map(str, tmp_path.iterdir()), "--regions", REGION, *PARTITIONS]
    linted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.parametrize("name", PLANS)
def test_no_policy_allows_every_action(name: str) -> None:
    actions = list(_actions(parse(PLANS[name].body)))
    assert actions
    assert not [action for action in actions if "*" in action]


@pytest.mark.parametrize("name", PLANS)
def test_a_creation_that_is_rolled_back_leaves_nothing(name: str) -> None:
    """`Retain` would keep what it had made; `RetainExceptOnCreate` keeps what is in use."""
    resources = parse(PLANS[name].body)["Resources"].values()
    assert "Retain" not in {resource.get("DeletionPolicy") for resource in resources}


@pytest.mark.parametrize("name", PLANS)
def test_a_template_fits_into_one_request(name: str) -> None:
    assert len(PLANS[name].body.encode()) <= BODY_MAX_BYTES


def test_what_is_said_to_fit_does_with_the_longest_path_too() -> None:
    path = "/".join(["p" * 24] * (PATH_MAX_PARTS - 1) + ["p" * 30])
    assert len(path) == PATH_MAX_CHARS
    low, high = 0, BODY_MAX_BYTES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits_inline("#" * middle) else (low, middle)
    assert function(code="#" * low, path=path).body


def test_a_handler_that_is_too_large_is_refused_with_the_size() -> None:
    with pytest.raises(TooLarge, match="51200"):
        function(code="#" * BODY_MAX_BYTES)


@pytest.mark.parametrize(
    ("plan", "count"),
    [
        (network(1), 17),
        (network(2), 25),
        (network(3), 33),
        (network(2, "per_az"), 26),
        (network(3, "per_az"), 35),
        (network(2, "per_az", parked=True), 22),
        (function("iam"), 14),
        (function("api_key"), 14),
        (function("open", cors=("https://example.com",)), 14),
        (function(path="clans/top10"), 16),
        (function(methods=("GET", "POST"), subpaths=True), 19),
    ],
)
def test_the_number_of_resources_is_known_beforehand(plan: Plan, count: int) -> None:
    assert plan.resource_count == count


def test_subnets_are_inside_the_network_and_do_not_overlap() -> None:
    found = [part for pair in subnet_cidrs("10.0.0.0/16", 3) for part in pair]
    assert len(set(found)) == 6
    assert found[0] == "10.0.0.0/19"


def test_a_small_range_has_room_for_two_zones_in_the_smallest_subnets() -> None:
    assert subnet_cidrs("10.0.0.64/26", 2) == (
        ("10.0.0.64/28", "10.0.0.96/28"),
        ("10.0.0.80/28", "10.0.0.112/28"),
    )
    assert subnet_cidrs("10.0.0.64/26", 1) == subnet_cidrs("10.0.0.64/26", 2)[:1]
    assert subnet_cidrs("10.0.0.0/25", 3)[2] == ("10.0.0.32/28", "10.0.0.80/28")


def test_a_networks_template_has_as_many_zones_as_a_network_may_have() -> None:
    """The private subnets come after the parts of all public ones, so the two numbers are one."""
    zones = [name for name in parse(PLANS["network"].body)["Parameters"] if "Zone" in name]
    assert len(zones) == ZONES_MAX == MAX_ZONES


def test_a_changed_handler_or_access_is_another_deployment_of_the_api() -> None:
    names = {
        next(name for name in parse(plan.body)["Resources"] if name.startswith("Deployment"))
        for plan in (function("iam"), function("api_key"), function("iam", code="x = 1"))
    }
    assert len(names) == 3


def test_the_functions_role_reads_its_one_key_and_decrypts_only_through_secrets_manager() -> None:
    plan = PLANS["function"]
    name = next(id for id in plan.resources if id.startswith("KeyAccess"))
    policy = parse(plan.body)["Resources"][name]["Properties"]["PolicyDocument"]
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert statements["ReadItsOneKey"]["Resource"] == {"Ref": "SecretArn"}
    assert "kms:ViaService" in str(statements["DecryptItThroughSecretsManager"]["Condition"])


@pytest.mark.parametrize(
    ("change", "version", "key_access"),
    [
        ({}, False, False),
        ({"permissions_boundary_arn": "arn:x"}, False, False),
        ({"settings": {"limit": 3}}, True, False),
        ({"memory_mb": 512, "access": "open"}, True, False),
        ({"timeout_s": 9}, True, False),
        ({"subnet_ids": ("subnet-9",)}, True, False),
        ({"security_group_id": "sg-9"}, True, False),
        ({"code": "another"}, True, False),
        ({"secret_arn": "arn:aws:secretsmanager:eu-central-1:1:secret:b"}, True, True),
    ],
)
def test_what_a_version_is_made_of_gives_it_another_logical_id_and_nothing_else_does(
    change: dict[str, Any], version: bool, key_access: bool
) -> None:
    def ids(plan: Plan) -> list[str]:
        return [id for kind in ("Version", "KeyAccess") for id in plan.resources if kind in id]

    before, after = ids(function()), ids(function(**change))
    assert (before[0] != after[0], before[1] != after[1]) == (version, key_access)


@pytest.mark.parametrize(
    ("name", "role", "whose"),
    [
        ("function", "Role", "function:${AWS::StackName}*"),
        ("network", "ProbeRole", "function:${AWS::StackName}-probe-*"),
    ],
)
def test_a_functions_own_code_may_do_nothing_of_what_lambda_does_with_interfaces(
    name: str, role: str, whose: str
) -> None:
    found = parse(PLANS[name].body)["Resources"][role]["Properties"]["Policies"][0]
    statements = found["PolicyDocument"]["Statement"]
    allowed = next(s for s in statements if s["Effect"] == "Allow" and s["Resource"] == "*")
    denied = next(s for s in statements if s["Effect"] == "Deny")
    (condition,) = denied["Condition"].values()
    assert denied["Action"] == allowed["Action"]
    assert condition["lambda:SourceFunctionArn"]["Sub"].endswith(whose)


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("PublicRoute", "InternetGatewayAttachment"),
        ("NatGateway1", "PublicRoute"),
        ("NatGateway1", "PublicAssociation1"),
        ("NatGateway3", "PublicAssociation3"),
        ("Probe1", "PrivateAssociation1"),
        ("Probe1", "ProbeLogGroup1"),
    ],
)
def test_what_must_outlast_another_part_is_named_by_it(later: str, earlier: str) -> None:
    """CloudFormation deletes in the opposite order: a gateway goes after what leads through it."""
    resources = parse(PLANS["network"].body)["Resources"]
    assert earlier in resources[later]["DependsOn"]


def test_no_address_is_a_resource_of_a_network() -> None:
    types = {r["Type"] for r in parse(PLANS["network"].body)["Resources"].values()}
    assert "AWS::EC2::EIP" not in types


@pytest.mark.parametrize("region", [REGION, *PARTITIONS])
@pytest.mark.parametrize("name", PLANS)
def test_every_name_in_a_template_is_one_of_its_partition(name: str, region: str) -> None:
    body, suffix = PLANS[name].body, dns_suffix(region)
    texts = list(_texts(parse(_rendered(body, region))))
    partitions = {text.split(":")[1] for text in texts if text.startswith("arn:")}
    assert partitions <= {PARTITIONS.get(region, "aws")}
    services = [t for t in texts if t.startswith("secretsmanager.") and ".amazonaws." in t]
    assert all(t.endswith(f".{suffix}") for t in services)
    assert bool(services) == (name != "network")
    principals = {t for t in texts if re.fullmatch(r"[a-z]+\.amazonaws\.com(\.\w+)?", t)}
    assert principals <= {"lambda.amazonaws.com", "apigateway.amazonaws.com"}, "in every partition"
    assert "${AWS::" not in "".join(texts)


def _rendered(body: str, region: str) -> str:
    """The template with the pseudo parameters that AWS gives it in that region."""
    values = {
        "Partition": partition(region),
        "URLSuffix": dns_suffix(region),
        "AccountId": "210987654321",
        "StackName": "egret-network-n",
    }
    for name, value in values.items():
        body = body.replace(f"${{AWS::{name}}}", value)
    return body.replace("${KeyRegion}", region).replace("${AWS::Region}", region)


def _texts(node: Any) -> Any:
    """Every text below `node`, but not those of a handler's code."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "ZipFile":
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _actions(node: Any) -> Any:
    """Every action of every statement below `node`."""
    if isinstance(node, dict):
        if node.get("Effect") == "Allow":
            actions = node["Action"]
            yield from actions if isinstance(actions, list) else [actions]
        for value in node.values():
            yield from _actions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _actions(value)
