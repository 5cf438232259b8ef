"""Change sets: what an update would do to a stack, asked of CloudFormation without doing it."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.aws.answers import Then, understand
from webapp.aws.cloudformation.validation import with_details
from webapp.aws.errors import AwsError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

TIMEOUT_S = 25.0
POLL_S = 0.5
NEVER_REPLACED = frozenset({"AWS::EC2::NatGateway", "AWS::EC2::Subnet", "AWS::EC2::VPC"})
"""Replacing one of these interrupts calls, so even a possible replacement counts as harm."""
NO_CHANGES = "didn't contain changes"
"""CloudFormation has no code for this: such a change set is FAILED, with this in its reason."""


@dataclass(frozen=True)
class Change:
    """One line of a change set. `replacement` is CloudFormation's True, False or Conditional."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str = ""

    @property
    def harmful(self) -> bool:
        """Whether something that exists would be removed or replaced."""
        if self.action == "Remove" or self.replacement == "True":
            return True
        return self.replacement == "Conditional" and self.resource_type in NEVER_REPLACED


def preview(client: "CloudFormationClient", name: str, arguments: dict[str, Any]) -> list[Change]:
    """The changes that an UpdateStack with `arguments` would make.

    Makes the change set `name`, reads it and deletes it again. Raises AwsError when CloudFormation
    does not tell within TIMEOUT_S.
    """
    change_set = client.create_change_set(ChangeSetName=name, **arguments)["Id"]
    try:
        found = _settled(client, change_set)
        reason = with_details(client, found.get("StatusReason", ""), ChangeSetName=change_set)
        return _changes(found, reason, client.meta.region_name)
    finally:
        client.delete_change_set(ChangeSetName=change_set)


def _settled(client: "CloudFormationClient", change_set: str) -> Any:
    """The change set once CloudFormation has computed it, or as it is after TIMEOUT_S."""
    until = time.monotonic() + TIMEOUT_S
    while True:
        found = client.describe_change_set(ChangeSetName=change_set)
        if found["Status"] in ("CREATE_COMPLETE", "FAILED") or time.monotonic() >= until:
            return found
        time.sleep(POLL_S)


def _changes(found: Any, reason: str, region: str) -> list[Change]:
    if found["Status"] == "FAILED" and NO_CHANGES in reason:
        return []
    if found["Status"] != "CREATE_COMPLETE":
        advice = understand(reason, region).remedy(Then.TRY_AGAIN)
        raise AwsError(
            f"CloudFormation did not tell what would change: {reason or found['Status']}",
            remedy=advice or "Try again in a minute.",
        )
    return [_change(raw["ResourceChange"]) for raw in found["Changes"]]


def _change(raw: Any) -> Change:
    return Change(
        raw["Action"],
        raw["LogicalResourceId"],
        raw["ResourceType"],
        raw.get("Replacement", ""),
    )
