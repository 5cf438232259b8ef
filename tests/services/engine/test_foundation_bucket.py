"""The foundation's bucket for code: made at the first need, and told when that fails."""

from typing import Any

import pytest

from tests.services.engine.foundations import KEY_ARN, NO_ALIASES, READY, an_event, failed
from tests.services.scripted import NO_STACK, ScriptedAws, a_stack
from webapp.aws.errors import NotReached
from webapp.errors import Conflict, Upstream
from webapp.scope import CloudScope
from webapp.services.engine import foundation

BUCKET = "egret-code-000000000000-eu-central-1"
TOKEN = "operation-code"


def bucket_of(scope: CloudScope, region: str = "eu-west-1") -> str:
    return foundation.code_bucket(scope.own, scope.settings, region, token=TOKEN)


def parameters(request: Any) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in request["Parameters"]}


def test_a_region_without_a_foundation_gets_one_with_the_bucket_alone(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "CreateStack": {"StackId": "arn"}}
    with pytest.raises(NotReached, match="is being created in eu-west-1"):
        bucket_of(scripted)
    (request,) = aws.calls("CreateStack")
    assert request["ClientRequestToken"] == TOKEN
    assert (parameters(request)["WithKey"], parameters(request)["WithBucket"]) == ("false", "true")
    aws.answers["DescribeStacks"] = a_stack("CREATE_IN_PROGRESS")
    with pytest.raises(NotReached):
        bucket_of(scripted)
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE", CodeBucket=BUCKET)
    assert bucket_of(scripted) == BUCKET
    assert len(aws.calls("CreateStack")) == 1


def test_the_foundation_of_the_keys_is_updated_once_and_keeps_its_key(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": READY, "DescribeStackEvents": {"StackEvents": []}}
    aws.answers["UpdateStack"] = {"StackId": "arn"}
    with pytest.raises(NotReached):
        bucket_of(scripted)
    (request,) = aws.calls("UpdateStack")
    assert (parameters(request)["WithKey"], parameters(request)["WithBucket"]) == ("true", "true")


def test_an_update_that_was_rolled_back_is_reported_and_not_repeated_by_itself(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    cause = an_event("Code", "CREATE_FAILED", "the name is taken") | {"ClientRequestToken": TOKEN}
    aws.answers["DescribeStacks"] = a_stack("UPDATE_ROLLBACK_COMPLETE", KeyArn=KEY_ARN)
    aws.answers["DescribeStackEvents"] = {"StackEvents": [cause]}
    with pytest.raises(Upstream, match=r"in eu-west-1\. the name is taken"):
        bucket_of(scripted)
    assert not aws.calls("UpdateStack")


def test_a_creation_of_the_bucket_that_failed_is_reported_and_cleared(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    cause = an_event("Code", "CREATE_FAILED", "AWS refused it") | {"ClientRequestToken": TOKEN}
    failed(aws, "ROLLBACK_COMPLETE", cause)
    with pytest.raises(Upstream, match="AWS refused it"):
        bucket_of(scripted)
    assert len(aws.calls("DeleteStack")) == 1


def test_what_another_operation_left_is_cleared_for_this_one(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    failed(aws, "ROLLBACK_COMPLETE", an_event("Code", "CREATE_FAILED", "AWS refused it"))
    with pytest.raises(NotReached):
        bucket_of(scripted)
    assert len(aws.calls("DeleteStack")) == 1


def test_a_stack_of_somebody_else_gets_no_bucket(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("CREATE_COMPLETE", Their="output")
    with pytest.raises(Conflict) as error:
        bucket_of(scripted)
    assert error.value.code == "foundation_foreign"


def test_a_bucket_that_is_there_stays_when_the_key_is_added_or_tagged(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    """Of a region that has become the home region."""
    aws.answers |= {"UpdateStack": {"StackId": "arn"}, "ListAliases": NO_ALIASES}
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE", CodeBucket=BUCKET)
    foundation.begin(aws.cloud, scripted.settings)
    (request,) = aws.calls("UpdateStack")
    assert (parameters(request)["WithKey"], parameters(request)["WithBucket"]) == ("true", "true")
