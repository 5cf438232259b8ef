"""Nobody reads a secret or a parameter through a template who may not read it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.lab import Lab, lab_of_dashboard, unique
from webapp.aws.clients import Clients
from webapp.aws.cloudformation.stacks import Plan
from webapp.sandbox.launcher import ACCOUNT, Sandbox

REGION = "eu-west-3"


@pytest.fixture
def lab(sandbox: Sandbox) -> Iterator[Lab]:
    with lab_of_dashboard(sandbox, REGION) as made:
        yield made


@pytest.fixture
def secret(clients: Clients) -> Iterator[str]:
    name = unique("egret/key/shop")
    made: Any = clients.secretsmanager(REGION)
    made.create_secret(Name=name, SecretString="not-for-templates")
    yield name
    made.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def log_group(reference: str) -> dict[str, Any]:
    name = f"/aws/lambda/egret-{reference}"
    return {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}


def test_a_template_reads_a_secret_only_for_who_may_read_it(
    lab: Lab, clients: Clients, secret: str
) -> None:
    resources = log_group(f"{{{{resolve:secretsmanager:{secret}}}}}")
    plan = Plan(REGION, unique("egret-lab"), json.dumps({"Resources": resources}), {}, {})
    made = lab.stacks.create(plan, token=unique("token"))
    lab.made.append(made)
    assert lab.settled(made).status == "ROLLBACK_COMPLETE"
    (reason,) = [each.reason for each in lab.failures(made) if each.logical_id == "Group"]
    asking = f"User: arn:aws:iam::{ACCOUNT}:user/dashboard is not authorized to perform: "
    assert reason.startswith(f"{asking}secretsmanager:GetSecretValue on resource: arn:aws:")
    assert "not-for-templates" not in reason
    administrator = Lab(clients, REGION)
    deployed = administrator.deployed(resources)
    assert deployed.status == "CREATE_COMPLETE"
    administrator.clean_up()


def test_a_parameter_of_a_template_reads_systems_manager_only_for_who_may(lab: Lab) -> None:
    given = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/any"}
    body = json.dumps({"Parameters": {"It": given}, "Resources": log_group("x")})
    with pytest.raises(ClientError, match=r"ssm:GetParameters on resource: .*parameter/shop/any"):
        lab.clients.cloudformation(REGION).create_stack(
            StackName=unique("egret-lab"), TemplateBody=body
        )
