"""The foundation: made at the first need, found by everybody, and waited for within limits."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.services.scripted import NO_STACK, ScriptedAws, a_stack
from webapp.aws.tags import tags_of
from webapp.errors import Unavailable
from webapp.services.engine import foundation
from webapp.services.engine.foundation import POLL_S, TIMEOUT_S
from webapp.services.scope import CloudScope

KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/1"


def test_its_key_is_found_where_the_stack_exists(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.answers["DescribeStacks"] = a_stack("CREATE_COMPLETE", KeyArn=KEY_ARN)
    assert foundation.ensure(aws.cloud, scripted.settings) == KEY_ARN
    assert not aws.calls("CreateStack")


def test_the_stack_is_requested_in_the_home_region_where_it_is_missing(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "CreateStack": {"StackId": "arn"}}
    assert foundation.ensure(aws.cloud, scripted.settings) is None
    (request,) = aws.calls("CreateStack")
    assert request["ClientRequestToken"] == foundation.CREATION


def test_a_stack_that_failed_is_cleared_away_first(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.answers |= {"DescribeStacks": a_stack("ROLLBACK_COMPLETE"), "DeleteStack": {}}
    assert foundation.ensure(aws.cloud, scripted.settings) is None
    assert len(aws.calls("DeleteStack")) == 1


def test_a_key_that_is_being_created_is_waited_for(scripted: CloudScope, aws: ScriptedAws) -> None:
    def done_at_the_third_call(_: object) -> Mapping[str, Any]:
        if len(aws.calls("DescribeStacks")) < 3:
            return a_stack("CREATE_IN_PROGRESS")
        return a_stack("CREATE_COMPLETE", KeyArn=KEY_ARN)

    slept: list[float] = []
    aws.answers["DescribeStacks"] = done_at_the_third_call
    assert foundation.kms_key_arn(aws.cloud, scripted.settings, sleep=slept.append) == KEY_ARN
    assert slept == [POLL_S, POLL_S]


def test_after_a_while_it_is_not_waited_for_any_more(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    slept: list[float] = []
    aws.answers["DescribeStacks"] = a_stack("CREATE_IN_PROGRESS")
    with pytest.raises(Unavailable, match="still being created"):
        foundation.kms_key_arn(aws.cloud, scripted.settings, sleep=slept.append)
    assert sum(slept) == TIMEOUT_S


def test_a_kms_key_that_exists_gets_the_tags_that_it_lacks_and_is_not_waited_for(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    settings = scripted.settings.model_copy(update={"tags": {"team": "pay"}})
    described = a_stack("UPDATE_COMPLETE", KeyArn=KEY_ARN)
    aws.answers |= {"DescribeStacks": described, "UpdateStack": {}}
    assert foundation.ensure(aws.cloud, settings) == KEY_ARN
    (request,) = aws.calls("UpdateStack")
    assert tags_of(request) == {"team": "pay", "egret:managed": "true"}
    (stack,) = described["Stacks"]
    for status, tags in (
        ("UPDATE_COMPLETE", [{"Key": "team", "Value": "pay"}]),
        ("UPDATE_IN_PROGRESS", []),
        ("UPDATE_ROLLBACK_FAILED", []),
    ):
        aws.answers["DescribeStacks"] = {"Stacks": [stack | {"StackStatus": status, "Tags": tags}]}
        assert foundation.ensure(aws.cloud, settings) == KEY_ARN
    assert len(aws.calls("UpdateStack")) == 1


def test_the_kms_key_has_the_tags_of_the_settings(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "CreateStack": {"StackId": "arn"}}
    settings = scripted.settings.model_copy(update={"tags": {"team": "pay"}})
    foundation.ensure(aws.cloud, settings)
    (request,) = aws.calls("CreateStack")
    assert tags_of(request) == {"team": "pay", "egret:managed": "true"}
