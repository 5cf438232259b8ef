"""The policies as IAM takes them: small enough, for every partition, with all names filled in."""

import json
import re
from itertools import chain

import pytest

from webapp.aws import policy
from webapp.aws.partitions import known
from webapp.aws.policy import MANAGED_POLICY_MAX_CHARS, Place

ACCOUNT = "111122223333"
POLICY_NAME_MAX = 128
LONGEST_PREFIX = "a-prefix-of-16-c"
PARTITIONS = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def documents(place: Place) -> dict[str, policy.Document]:
    return {
        "dashboard": policy.dashboard(place),
        "dashboard with a service role": policy.dashboard(place, service_role=True),
        "cloudformation": policy.cloudformation(place),
        "boundary": policy.boundary(place),
    }


@pytest.mark.parametrize("partition", PARTITIONS)
def test_each_fits_into_a_managed_policy_and_names_its_partition(partition: str) -> None:
    place = Place(ACCOUNT, partition, LONGEST_PREFIX)
    for name, document in documents(place).items():
        text = json.dumps(document)
        assert policy.size(document) <= MANAGED_POLICY_MAX_CHARS, name
        assert "{" not in "".join(chain.from_iterable(_texts(document))), name
        arns = [word for word in _texts(document) if word.startswith("arn:")]
        assert {arn.split(":")[1] for arn in arns} == {partition}, name
        if "kms:ViaService" in text:
            assert f'secretsmanager.*.{PARTITIONS[partition]}"' in text


@pytest.mark.parametrize("partition", known())
def test_each_fits_wherever_aws_is_with_the_longest_names(partition: str) -> None:
    boundary = f"arn:{partition}:iam::{ACCOUNT}:policy/{'b' * POLICY_NAME_MAX}"
    place = Place(ACCOUNT, partition, LONGEST_PREFIX, boundary)
    sizes = [policy.size(document) for document in documents(place).values()]
    assert max(sizes) <= MANAGED_POLICY_MAX_CHARS


def test_white_space_does_not_count() -> None:
    assert policy.size({"Sid": "a b"}) == len('{"Sid":"ab"}')


def test_roles_are_made_only_with_the_boundary_and_may_then_do_no_more_than_functions_do() -> None:
    place = Place(ACCOUNT)
    making = ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary")
    for statement in policy.cloudformation(place)["Statement"]:
        if set(making) & set(statement["Action"]):
            assert statement["Condition"] == {
                "StringEquals": {
                    "iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/egret-boundary"
                }
            }
    allowed = [statement["Action"] for statement in policy.boundary(place)["Statement"]]
    actions = {a for entry in allowed for a in ([entry] if isinstance(entry, str) else entry)}
    assert {action.partition(":")[0] for action in actions} == {
        "ec2",
        "kms",
        "logs",
        "secretsmanager",
    }


def test_another_boundary_can_be_demanded() -> None:
    own = "arn:aws:iam::111122223333:policy/company"
    assert own in json.dumps(policy.cloudformation(Place(ACCOUNT, boundary=own)))
    assert own not in json.dumps(policy.cloudformation(Place(ACCOUNT)))


def test_with_a_service_role_the_dashboard_may_pass_that_one_which_it_cannot_change() -> None:
    """What it may change are roles whose names begin with the prefix."""
    place = Place(ACCOUNT)
    (passed,) = [
        statement
        for statement in policy.dashboard(place, service_role=True)["Statement"]
        if statement["Action"] == "iam:PassRole"
    ]
    assert passed["Resource"] == place.service_role_arn
    assert not place.service_role_arn.partition("role/")[2].startswith(place.prefix)
    without = json.dumps(policy.dashboard(place))
    assert set(re.findall(r"iam:([A-Z][a-z]+)", without)) == {"Get", "List"}


def test_cloudformation_deletes_the_api_keys_that_stacks_of_an_older_egret_have() -> None:
    """Also where it has a service role; otherwise such a key would go on opening the endpoint."""
    statements = policy.cloudformation(Place(ACCOUNT))["Statement"]
    (found,) = [each for each in statements if any("/usageplans/" in r for r in each["Resource"])]
    assert {"apigateway:DELETE", "apigateway:GET", "apigateway:PATCH"} == {*found["Action"]}
    assert found["Condition"]["StringEquals"] == {"aws:ResourceTag/egret:managed": "true"}


def test_cloudformation_takes_tags_off_an_api_whose_function_moves_to_another_network() -> None:
    statements = policy.cloudformation(Place(ACCOUNT))["Statement"]
    tags = [each for each in statements if any(r.endswith("/tags/*") for r in each["Resource"])]
    assert any("apigateway:DELETE" in each["Action"] for each in tags)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [str(value)]


def test_only_code_of_functions_reads_keys_and_no_key_is_deleted_for_good() -> None:
    """Whoever makes a role decides who may assume it, so the boundary says who may read."""
    place, own = Place(ACCOUNT), f"arn:aws:lambda:*:{ACCOUNT}:function:egret-*"
    assert conditions(policy.boundary(place), "secretsmanager:GetSecretValue") == [
        {"ArnLike": {"lambda:SourceFunctionArn": own}}
    ]
    assert conditions(policy.dashboard(place), "secretsmanager:DeleteSecret") == [
        {"BoolIfExists": {"secretsmanager:ForceDeleteWithoutRecovery": "false"}}
    ]


def conditions(document: policy.Document, action: str) -> list[object]:
    return [each["Condition"] for each in document["Statement"] if action in each["Action"]]
