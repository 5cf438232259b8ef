"""The foundation: begun at the first need, found by everybody, and waited for within limits."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.services.engine.foundations import KEY_ARN, NO_ALIASES, READY, an_event, failed
from tests.services.scripted import NO_STACK, ScriptedAws, a_stack, refusal
from webapp.aws.errors import AccessDenied
from webapp.aws.tags import tags_of
from webapp.errors import Conflict, Unavailable, Upstream
from webapp.scope import CloudScope
from webapp.services.engine import foundation
from webapp.services.engine.foundation import POLL_S, WAIT_S
from webapp.settings import Settings

TAKEN = {"Aliases": [{"AliasName": "alias/egret", "TargetKeyId": "1234-theirs"}]}
DENIED = refusal("AccessDenied", "not authorized to perform: cloudformation:CreateStack")


def waited(scope: CloudScope, slept: list[float] | None = None) -> str:
    """Without waiting: the clock goes on by what is slept."""
    sleep: list[float] = [] if slept is None else slept
    return foundation.kms_key_arn(
        scope.own, scope.settings, sleep=sleep.append, clock=lambda: sum(sleep)
    )


def with_tags(scope: CloudScope) -> Settings:
    return scope.settings.model_copy(update={"tags": {"team": "pay"}})


def test_its_key_is_found_where_the_stack_exists(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.answers["DescribeStacks"] = READY
    assert waited(scripted) == KEY_ARN
    assert [name for name, _ in aws.asked] == ["DescribeStacks"]


def test_a_key_that_is_being_created_is_waited_for(scripted: CloudScope, aws: ScriptedAws) -> None:
    def done_at_the_third_call(_: object) -> Mapping[str, Any]:
        return a_stack("CREATE_IN_PROGRESS") if len(aws.calls("DescribeStacks")) < 3 else READY

    slept: list[float] = []
    aws.answers["DescribeStacks"] = done_at_the_third_call
    assert waited(scripted, slept) == KEY_ARN
    assert slept == [POLL_S, POLL_S]


def test_a_request_does_not_wait_for_as_long_as_aws_takes(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    slept: list[float] = []
    aws.answers["DescribeStacks"] = a_stack("CREATE_IN_PROGRESS")
    with pytest.raises(Unavailable, match="still being created"):
        waited(scripted, slept)
    assert sum(slept) == WAIT_S


def test_what_a_slow_aws_takes_to_answer_is_a_part_of_the_wait(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    slept: list[float] = []

    def slowly(_: object) -> Mapping[str, Any]:
        slept.append(WAIT_S / 2)
        return a_stack("CREATE_IN_PROGRESS")

    aws.answers["DescribeStacks"] = slowly
    with pytest.raises(Unavailable, match="still being created"):
        waited(scripted, slept)
    assert len(aws.calls("DescribeStacks")) == 2


def test_it_is_begun_once_for_a_network_and_nobody_waits(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "CreateStack": {"StackId": "arn"}}
    aws.answers["ListAliases"] = NO_ALIASES
    foundation.begin(aws.cloud, with_tags(scripted))
    (request,) = aws.calls("CreateStack")
    assert request["ClientRequestToken"].startswith(foundation.TOKEN)
    assert tags_of(request) == {"team": "pay", "egret:managed": "true"}
    aws.answers["DescribeStacks"] = a_stack("CREATE_IN_PROGRESS")
    foundation.begin(aws.cloud, scripted.settings)
    assert len(aws.calls("CreateStack")) == 1


@pytest.mark.parametrize("answer", [DENIED, refusal("AlreadyExistsException", "it exists")])
def test_a_network_does_not_fail_with_its_foundation(
    scripted: CloudScope, aws: ScriptedAws, answer: Mapping[str, Any]
) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "CreateStack": answer}
    foundation.begin(aws.cloud, scripted.settings)


def test_a_key_is_told_what_keeps_its_foundation_from_being_created(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "CreateStack": DENIED}
    with pytest.raises(AccessDenied, match="CreateStack"):
        waited(scripted)


def test_another_replica_may_have_been_first(scripted: CloudScope, aws: ScriptedAws) -> None:
    def made_meanwhile(_: object) -> Mapping[str, Any]:
        return READY if aws.calls("CreateStack") else NO_STACK

    exists = refusal("AlreadyExistsException", "Stack [egret-foundation] already exists")
    aws.answers |= {"DescribeStacks": made_meanwhile, "CreateStack": exists}
    aws.answers["DescribeStackEvents"] = {"StackEvents": []}
    assert waited(scripted) == KEY_ARN


# --- What fails ---------------------------------------------------------------------------------


def test_a_creation_that_failed_is_told_with_its_root_cause_and_cleared(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    cause = an_event("Key", "CREATE_FAILED", "AWS refused it")
    echo = an_event("Alias", "CREATE_FAILED", "Resource creation cancelled")
    failed(aws, "ROLLBACK_COMPLETE", echo, cause)
    for _ in range(2):
        with pytest.raises(Upstream, match=r"creating the KMS key.* Key: AWS refused it") as raised:
            waited(scripted)
        assert "send the key again" in raised.value.remedy
    tokens = [request["ClientRequestToken"] for request in aws.calls("DeleteStack")]
    assert len(set(tokens)) == 2, "AWS remembers tokens"


def test_what_cannot_be_cleared_is_told_as_well(scripted: CloudScope, aws: ScriptedAws) -> None:
    old = an_event("Key", "CREATE_FAILED", "AWS refused it")
    failed(aws, "DELETE_FAILED", an_event("Key", "DELETE_FAILED", "it is in use"), old)
    with pytest.raises(Upstream, match=r"deleting the KMS key.* Key: it is in use"):
        waited(scripted)
    aws.answers["DeleteStack"] = DENIED
    with pytest.raises(Upstream) as raised:
        waited(scripted)
    assert "could not be deleted: While deleting the stack" in raised.value.remedy


def test_a_network_leaves_what_failed_for_a_key_to_tell(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    failed(aws, "ROLLBACK_COMPLETE")
    foundation.begin(aws.cloud, scripted.settings)
    assert [name for name, _ in aws.asked] == ["DescribeStacks"]


def test_a_stack_of_somebody_else_is_left_alone(scripted: CloudScope, aws: ScriptedAws) -> None:
    failed(aws, "CREATE_COMPLETE")
    with pytest.raises(Conflict, match="has no KMS key"):
        waited(scripted)
    assert not aws.calls("DeleteStack")


def test_an_alias_that_somebody_else_has_is_named_before_anything_is_created(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {"DescribeStacks": NO_STACK, "ListAliases": TAKEN}
    with pytest.raises(Conflict, match=r"alias/egret belongs to .* 1234-theirs") as raised:
        waited(scripted)
    assert "EGRET_NAME_PREFIX" in raised.value.remedy
    assert not aws.calls("CreateStack")


def test_an_alias_that_was_taken_meanwhile_is_named_too(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    exists = an_event("Alias", "CREATE_FAILED", "An alias with the name x already exists")
    failed(aws, "ROLLBACK_COMPLETE", exists)
    with pytest.raises(Upstream, match="An alias with the name x already exists"):
        waited(scripted)
    aws.answers["ListAliases"] = TAKEN
    with pytest.raises(Conflict, match="1234-theirs"):
        waited(scripted)


# --- Tags ---------------------------------------------------------------------------------------


def test_a_kms_key_that_exists_gets_the_tags_that_it_lacks_and_is_not_waited_for(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    settings = with_tags(scripted)
    described = a_stack("UPDATE_COMPLETE", KeyArn=KEY_ARN)
    aws.answers |= {"DescribeStacks": described, "UpdateStack": {}}
    assert foundation.kms_key_arn(aws.cloud, settings) == KEY_ARN
    (request,) = aws.calls("UpdateStack")
    assert tags_of(request) == {"team": "pay", "egret:managed": "true"}
    (stack,) = described["Stacks"]
    for status, tags in (
        ("UPDATE_COMPLETE", [{"Key": "team", "Value": "pay"}]),
        ("UPDATE_IN_PROGRESS", []),
        ("UPDATE_ROLLBACK_FAILED", []),
    ):
        aws.answers["DescribeStacks"] = {"Stacks": [stack | {"StackStatus": status, "Tags": tags}]}
        assert foundation.kms_key_arn(aws.cloud, settings) == KEY_ARN
    aws.answers |= {"DescribeStacks": described, "UpdateStack": DENIED}
    assert foundation.kms_key_arn(aws.cloud, settings) == KEY_ARN, "no error is worth a wait"
    assert len(aws.calls("UpdateStack")) == 2
