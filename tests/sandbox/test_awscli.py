"""awscli on the embedded AWS: an administrator can look at everything, others meet AWS's errors."""

import json
import subprocess
import sys
from typing import Any

import pytest

from webapp.sandbox.doors import DASHBOARD
from webapp.sandbox.folder import Credentials
from webapp.sandbox.launcher import ACCOUNT, REGION, Sandbox
from webapp.sandbox.users import derived

LOOKS = [
    "sts get-caller-identity",
    "ec2 describe-vpcs",
    "ec2 describe-subnets",
    "ec2 describe-nat-gateways",
    "ec2 describe-addresses",
    "ec2 describe-route-tables",
    "ec2 describe-network-interfaces",
    "cloudformation list-stacks",
    "lambda list-functions",
    "apigateway get-rest-apis",
    "secretsmanager list-secrets",
    "kms list-aliases",
    "logs describe-log-groups",
    "iam list-users",
    "iam list-policies --scope Local",
    "service-quotas list-service-quotas --service-code vpc",
]


@pytest.fixture(scope="module")
def administrator(sandbox: Sandbox) -> Credentials:
    """What `egret sandbox info` prints."""
    return Credentials(sandbox.info.access_key_id, sandbox.info.secret_access_key)


def runs(
    sandbox: Sandbox, *asked: tuple[str, Credentials], clock_off_s: int = 0
) -> list[tuple[int, str, str]]:
    """Of each command, as somebody: its exit code, output and errors."""
    place = {"AWS_ENDPOINT_URL": sandbox.info.aws_endpoint, "AWS_DEFAULT_REGION": REGION}
    commands = []
    for command, who in asked:
        keys = {"AWS_ACCESS_KEY_ID": who.access_key_id, "AWS_SECRET_ACCESS_KEY": who.secret}
        commands.append((command, place | keys, clock_off_s))
    done = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.awscli_runs"],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[Any] = json.loads(done.stdout)
    return [(code, out, err) for code, out, err in found]


def test_the_administrator_can_look_at_everything(
    sandbox: Sandbox, administrator: Credentials
) -> None:
    found = runs(sandbox, *((command, administrator) for command in LOOKS))
    for command, (code, out, err) in zip(LOOKS, found, strict=True):
        assert (command, code, err) == (command, 0, "")
        assert isinstance(json.loads(out), dict)


def test_others_meet_the_errors_of_aws(sandbox: Sandbox, administrator: Credentials) -> None:
    wrong = Credentials(administrator.access_key_id, "wrong")
    unknown = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
    denied, *refused = runs(
        sandbox,
        ("iam list-users", derived(administrator, DASHBOARD)),
        ("ec2 describe-vpcs", wrong),
        ("iam list-users", wrong),
        ("secretsmanager list-secrets", wrong),
        ("sts get-caller-identity", unknown),
    )
    who = f"arn:aws:iam::{ACCOUNT}:user/{DASHBOARD}"
    assert denied[0] != 0
    assert "(AccessDenied) when calling the ListUsers operation: User: " in denied[2]
    assert f"{who} is not authorized to perform: iam:ListUsers on resource: " in denied[2]
    assert "because no identity-based policy allows the iam:ListUsers action" in denied[2]
    codes = ["AuthFailure", "SignatureDoesNotMatch", "InvalidSignatureException"]
    for (code, _, err), said in zip(refused, [*codes, "InvalidClientTokenId"], strict=True):
        assert code != 0
        assert f"({said})" in err


def test_a_clock_that_is_an_hour_behind_meets_the_code_of_each_service(
    sandbox: Sandbox, administrator: Credentials
) -> None:
    asked = [(command, administrator) for command in ("ec2 describe-vpcs", "iam list-users")]
    vpcs, users = runs(sandbox, *asked, clock_off_s=-3600)
    assert "(RequestExpired)" in vpcs[2]
    assert "(SignatureDoesNotMatch)" in users[2]
    assert "Signature expired" in users[2]
