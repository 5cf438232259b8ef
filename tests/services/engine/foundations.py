"""Foundations as a scripted AWS shows them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.services.scripted import STACK_ID, ScriptedAws, a_stack

KEY_ARN = "arn:aws:kms:eu-central-1:000000000000:key/1"
READY = a_stack("CREATE_COMPLETE", KeyArn=KEY_ARN)
NO_ALIASES: Mapping[str, Any] = {"Aliases": []}


def an_event(logical_id: str, status: str, reason: str) -> dict[str, Any]:
    at, kind = datetime(2026, 8, 1, tzinfo=UTC), "AWS::KMS::Key"
    told = {"LogicalResourceId": logical_id, "ResourceStatus": status, "ResourceType": kind}
    ids = {"StackId": STACK_ID, "EventId": logical_id + status, "Timestamp": at}
    return told | ids | {"ResourceStatusReason": reason}


def failed(aws: ScriptedAws, status: str, *newest_first: dict[str, Any]) -> None:
    events = {"StackEvents": list(newest_first)}
    aws.answers |= {"DescribeStacks": a_stack(status), "DescribeStackEvents": events}
    aws.answers |= {"DeleteStack": {}, "ListAliases": NO_ALIASES}
