"""CloudFormation in our own verbs: create, describe, events, delete; each can be repeated.

CloudFormation's twenty-odd statuses fold into four phases. "Already exists", "does not exist" and
"no updates are to be performed" are answers, not exceptions.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.errors import AwsError, translated
from webapp.errors import Conflict

CAPABILITIES: Any = ["CAPABILITY_NAMED_IAM"]
CREATE_TIMEOUT_MIN = 30
ROLLED_BACK = "UPDATE_ROLLBACK_COMPLETE"
"""As it was before the update: as good as done."""
STUCK = "UPDATE_ROLLBACK_FAILED"
"""The status of a stack that can neither go on nor back until it is told to continue."""
PREVIEW_TIMEOUT_S = 25.0
PREVIEW_POLL_S = 0.5
NEVER_REPLACED = frozenset({"AWS::EC2::NatGateway", "AWS::EC2::Subnet", "AWS::EC2::VPC"})
EXPRESS: Any = {"DeploymentConfig": {"Mode": "EXPRESS"}}


class Phase(StrEnum):
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True)
class Stack:
    """`status` is CloudFormation's own word."""

    id: str
    name: str
    status: str
    reason: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def phase(self) -> Phase:
        if self.status == "DELETE_COMPLETE":
            return Phase.GONE
        if self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", ROLLED_BACK):
            return Phase.DONE
        return Phase.BUSY if self.status.endswith("_IN_PROGRESS") else Phase.FAILED


@dataclass(frozen=True)
class Event:
    """One line of DescribeStackEvents."""

    id: str
    token: str
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Change:
    """One line of a change set. `replacement` is CloudFormation's True, False or Conditional."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str = ""

    @property
    def harmful(self) -> bool:
        """Whether something that is there goes. Conditional counts for a NAT gateway or more."""
        if self.action == "Remove" or self.replacement == "True":
            return True
        return self.replacement == "Conditional" and self.resource_type in NEVER_REPLACED


@dataclass(frozen=True)
class Plan:
    """All that CloudFormation must be told to make a stack; `resources`: logical id → type."""

    region: str
    name: str
    body: str
    parameters: dict[str, str]
    tags: dict[str, str]
    resources: dict[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def resource_count(self) -> int:
        return len(self.resources)


class Stacks:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def create(self, plan: Plan, *, token: str) -> str:
        """Ask for the stack; gives its ARN. With the same token it is harmless twice.

        Raises Conflict when a stack of that name exists which this token did not make.
        """
        client = self._clients.cloudformation(plan.region)
        with translated(f"creating the stack {plan.name}", plan.region):
            try:
                return client.create_stack(
                    StackName=plan.name,
                    TemplateBody=plan.body,
                    Parameters=_pairs(plan.parameters, "ParameterKey", "ParameterValue"),
                    Tags=_pairs(plan.tags, "Key", "Value"),
                    Capabilities=CAPABILITIES,
                    OnFailure="ROLLBACK",
                    TimeoutInMinutes=CREATE_TIMEOUT_MIN,
                    EnableTerminationProtection=plan.protected,
                    ClientRequestToken=token,
                )["StackId"]
            except client.exceptions.AlreadyExistsException:
                return self._adopt(plan, token)

    def update(self, plan: Plan, stack_id: str, *, token: str) -> bool:
        """Ask for the change; False when there is nothing to change.

        A stack that is busy may be so by this very request, whose answer was lost: who follows its
        events sees whose token it is, and asks again if need be.
        """
        client = self._clients.cloudformation(plan.region)
        with translated(f"changing the stack {plan.name}", plan.region):
            try:
                client.update_stack(
                    StackName=stack_id,
                    TemplateBody=plan.body,
                    Parameters=_pairs(plan.parameters, "ParameterKey", "ParameterValue"),
                    Tags=_pairs(plan.tags, "Key", "Value"),
                    Capabilities=CAPABILITIES,
                    ClientRequestToken=token,
                )
            except ClientError as error:
                if _says(error, "No updates are to be performed"):
                    return False
                if not _says(error, "_IN_PROGRESS state"):
                    raise
        return True

    def preview(self, plan: Plan, stack_id: str, *, name: str) -> list[Change]:
        """What the plan would change: a change set that is made, read and deleted again."""
        client = self._clients.cloudformation(plan.region)
        with translated(f"previewing a change of the stack {plan.name}", plan.region):
            change_set = client.create_change_set(
                StackName=stack_id,
                ChangeSetName=name,
                TemplateBody=plan.body,
                Parameters=_pairs(plan.parameters, "ParameterKey", "ParameterValue"),
                Tags=_pairs(plan.tags, "Key", "Value"),
                Capabilities=CAPABILITIES,
            )["Id"]
            try:
                return self._read_change_set(plan.region, change_set)
            finally:
                client.delete_change_set(ChangeSetName=change_set)

    def _read_change_set(self, region: str, change_set: str) -> list[Change]:
        client = self._clients.cloudformation(region)
        until = time.monotonic() + PREVIEW_TIMEOUT_S
        while time.monotonic() < until:
            found = client.describe_change_set(ChangeSetName=change_set)
            if found["Status"] == "FAILED" and "didn't contain changes" in found["StatusReason"]:
                return []
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                break
            time.sleep(PREVIEW_POLL_S)
        if found["Status"] != "CREATE_COMPLETE":
            raise AwsError(
                f"CloudFormation did not say what would change: {found.get('StatusReason', '')}",
                remedy="Try again in a minute.",
            )
        return [_change(raw["ResourceChange"]) for raw in found["Changes"]]

    def describe(self, region: str, stack: str) -> Stack | None:
        """The stack of that ARN or name. A deleted one is found by its ARN only."""
        client = self._clients.cloudformation(region)
        with translated(f"reading the stack {_short(stack)}", region):
            try:
                found = client.describe_stacks(StackName=stack)["Stacks"][0]
            except ClientError as error:
                if _says(error, "does not exist"):
                    return None
                raise
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        return Stack(
            id=found["StackId"],
            name=found["StackName"],
            status=found["StackStatus"],
            reason=found.get("StackStatusReason", ""),
            outputs=outputs,
        )

    def events(self, region: str, stack: str, *, known: set[str] | None = None) -> list[Event]:
        """Events that are not in `known` (their ids), oldest first."""
        with translated(f"reading the events of {_short(stack)}", region):
            newest_first = self._newest_first(region, stack)
            fresh = _until_known(newest_first, known or set())
            return list(reversed(list(fresh)))

    def delete(
        self,
        region: str,
        stack: str,
        *,
        token: str,
        retain: Sequence[str] = (),
        express: bool = False,
    ) -> None:
        """Ask for the deletion; harmless twice, and when there is no such stack.

        `retain` names resources to leave behind, only after a deletion that failed. `express` does
        not wait until AWS has cleared up, where the installed botocore knows that.
        """
        client = self._clients.cloudformation(region)
        more: Any = {"RetainResources": list(retain)} if retain else {}
        if express and _knows(client, "DeleteStack", "DeploymentConfig"):
            more |= EXPRESS
        with translated(f"deleting the stack {_short(stack)}", region):
            client.delete_stack(StackName=stack, ClientRequestToken=token, **more)

    def continue_rollback(self, region: str, stack: str, *, token: str) -> None:
        """Go on with a rollback that failed."""
        client = self._clients.cloudformation(region)
        with translated(f"rolling back the stack {_short(stack)}", region):
            client.continue_update_rollback(StackName=stack, ClientRequestToken=token)

    def protect(self, region: str, stack: str, *, on: bool) -> None:
        """Switch CloudFormation's termination protection on or off."""
        client = self._clients.cloudformation(region)
        with translated(f"protecting the stack {_short(stack)}", region):
            client.update_termination_protection(StackName=stack, EnableTerminationProtection=on)

    def made_by(self, region: str, name: str, *, token: str) -> str | None:
        """The ARN of the stack of that name, if the operation `token` made it."""
        stack = self.describe(region, name)
        events = self.events(region, name) if stack else []
        return stack.id if stack and any(event.token == token for event in events) else None

    def _adopt(self, plan: Plan, token: str) -> str:
        """The answer to an earlier, lost request of ours; or somebody else's stack."""
        stack_id = self.made_by(plan.region, plan.name, token=token)
        if stack_id:
            return stack_id
        raise Conflict(
            f"In {plan.region} there is already a stack named {plan.name}, which this request "
            "did not make. It was left as it is.",
            code="stack_exists",
            remedy="Choose another name, or delete that stack in the AWS console first.",
        )

    def _newest_first(self, region: str, stack: str) -> Iterator[Event]:
        pages = self._clients.cloudformation(region).get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=stack):
            yield from (_event(raw) for raw in page["StackEvents"])


def _until_known(newest_first: Iterator[Event], known: set[str]) -> Iterator[Event]:
    for event in newest_first:
        if event.id in known:
            return
        yield event


def _event(raw: Any) -> Event:
    return Event(
        id=raw["EventId"],
        token=raw.get("ClientRequestToken", ""),
        logical_id=raw.get("LogicalResourceId", ""),
        physical_id=raw.get("PhysicalResourceId", ""),
        resource_type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=raw.get("ResourceStatusReason", ""),
        at=raw["Timestamp"],
    )


def _change(raw: Any) -> Change:
    return Change(
        raw["Action"],
        raw["LogicalResourceId"],
        raw["ResourceType"],
        raw.get("Replacement", ""),
    )


def _pairs(values: dict[str, str], key: str, value: str) -> Any:
    return [{key: name, value: text} for name, text in values.items()]


def _knows(client: Any, operation: str, parameter: str) -> bool:
    """Whether the installed botocore knows the parameter: it is newer than the oldest we take."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    return parameter in shape.members


def _says(error: ClientError, text: str) -> bool:
    return text in (error.response["Error"].get("Message") or "")


def _short(stack: str) -> str:
    """The name in a stack's ARN."""
    return stack.split("/")[1] if stack.startswith("arn:") else stack
