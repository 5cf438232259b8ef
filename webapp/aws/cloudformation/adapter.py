"""The entry of this room: CloudFormation in our own verbs, each of which can be repeated.

"Already exists", "does not exist" and "no updates are to be performed" are results here, not
exceptions. CloudFormation has an error code for the first only. The others are a ValidationError
like any other, and only its text tells which. TokenAlreadyExistsException is a result too: AWS has
accepted this very request before, and the stack's events tell what became of it.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError

from webapp.aws.clients import Clients
from webapp.aws.cloudformation import change_sets
from webapp.aws.cloudformation.change_sets import Change
from webapp.aws.cloudformation.stacks import Event, Plan, Stack
from webapp.aws.cloudformation.validation import with_details
from webapp.aws.errors import aws_errors, code_of, ignoring, message_of
from webapp.aws.kept import Kept
from webapp.aws.tags import tag_list, tags_of
from webapp.errors import Conflict

CREATE_TIMEOUT_MIN = 30
FOUNDATION_KEPT_S = 600.0
"""While it is known to be there or requested, another network need not ask."""
# Parts of the texts of ValidationErrors.
NO_UPDATES = "No updates are to be performed"
BUSY = "_IN_PROGRESS state"
NOT_THERE = "does not exist"
KNOWN_TOKEN = "TokenAlreadyExistsException"  # noqa: S105 - an error code
EXPRESS: Any = {"DeploymentConfig": {"Mode": "EXPRESS"}}


class Stacks:
    """CloudFormation makes, changes and deletes what is in a stack with the permissions of the
    service role, or with those of the dashboard where `service_role_arn` is empty.

    `foundations` is for the engine, which asks for one with each network."""

    def __init__(self, clients: Clients, service_role_arn: str = "") -> None:
        self._clients = clients
        self.foundations = Kept[Any](FOUNDATION_KEPT_S * clients.keeps)
        self._role: Any = {"RoleARN": service_role_arn} if service_role_arn else {}

    def create(self, plan: Plan, *, token: str) -> str:
        """Ask for the stack; gives its ARN. Repeating it with the same token does no harm.

        Raises Conflict when a stack of that name exists that this token did not make.
        """
        client = self._clients.cloudformation(plan.region)
        with aws_errors(f"creating the stack {plan.name}", plan.region):
            try:
                return client.create_stack(
                    StackName=plan.name,
                    OnFailure="ROLLBACK",
                    TimeoutInMinutes=CREATE_TIMEOUT_MIN,
                    EnableTerminationProtection=plan.protected,
                    ClientRequestToken=token,
                    **self._role,
                    **_template_arguments(plan),
                )["StackId"]
            except client.exceptions.AlreadyExistsException:
                return self._existing(plan, token)
            except client.exceptions.TokenAlreadyExistsException:
                if made := self.made_by(plan.region, plan.name, token=token):
                    return made
                raise

    def update(self, plan: Plan, stack_id: str, *, token: str) -> bool:
        """Ask for the change; False when there is nothing to change.

        True also when the stack is busy: this very request may have made it so, if the answer to an
        earlier attempt was lost. The events carry the token of the request that caused them, so the
        caller sees there whose change is under way, and asks again if it is another one's.
        """
        client = self._clients.cloudformation(plan.region)
        with aws_errors(f"changing the stack {plan.name}", plan.region):
            try:
                client.update_stack(
                    StackName=stack_id,
                    ClientRequestToken=token,
                    **self._role,
                    **_template_arguments(plan),
                )
            except ClientError as error:
                if NO_UPDATES in message_of(error):
                    return False
                if BUSY not in message_of(error) and code_of(error) != KNOWN_TOKEN:
                    raise
        return True

    def preview(self, plan: Plan, stack_id: str, *, name: str) -> list[Change]:
        """What the plan would change, by a change set `name` that is deleted again."""
        client = self._clients.cloudformation(plan.region)
        with aws_errors(f"previewing a change of the stack {plan.name}", plan.region):
            arguments = {"StackName": stack_id} | self._role | _template_arguments(plan)
            return change_sets.preview(client, name, arguments)

    def describe(self, region: str, stack: str) -> Stack | None:
        """The stack of that ARN or name. A deleted one is found by its ARN only."""
        client = self._clients.cloudformation(region)
        with aws_errors(f"reading the stack {_name_of(stack)}", region):
            try:
                found = client.describe_stacks(StackName=stack)["Stacks"][0]
            except ClientError as error:
                if NOT_THERE in message_of(error):
                    return None
                raise
        return Stack(
            id=found["StackId"],
            name=found["StackName"],
            status=found["StackStatus"],
            reason=with_details(
                client, found.get("StackStatusReason", ""), StackName=found["StackId"]
            ),
            outputs={o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])},
            tags=tags_of(found),
        )

    def events(self, region: str, stack: str, *, known: set[str] | None = None) -> list[Event]:
        """The events that came after those in `known` (event ids), oldest first.

        CloudFormation lists the newest first, so reading stops at the first one that is known.
        """
        with aws_errors(f"reading the events of {_name_of(stack)}", region):
            newest_first = self._newest_first(region, stack)
            fresh = list(takewhile(lambda event: event.id not in (known or ()), newest_first))
        return fresh[::-1]

    def delete(
        self,
        region: str,
        stack: str,
        *,
        token: str,
        retain: Sequence[str] = (),
        express: bool = False,
        unprotect: bool = False,
    ) -> None:
        """Request the deletion. Harmless when repeated, or if the stack does not exist.

        `retain` names resources that stay in AWS; AWS accepts it only after a failed deletion.
        `express` lets the deletion end before AWS has cleaned up. `unprotect` ends termination
        protection first, which a creation that failed keeps.
        """
        if unprotect:
            self.protect(region, stack, on=False)
        client = self._clients.cloudformation(region)
        options = self._role | ({"RetainResources": list(retain)} if retain else {})
        if express:
            options |= EXPRESS
        doing = f"deleting the stack {_name_of(stack)}"
        with aws_errors(doing, region), ignoring({KNOWN_TOKEN}):
            client.delete_stack(StackName=stack, ClientRequestToken=token, **options)

    def continue_rollback(self, region: str, stack: str, *, token: str) -> None:
        """Try again to undo an update, after CloudFormation failed to (status STUCK)."""
        client = self._clients.cloudformation(region)
        doing = f"rolling back the stack {_name_of(stack)}"
        with aws_errors(doing, region), ignoring({KNOWN_TOKEN}):
            client.continue_update_rollback(StackName=stack, ClientRequestToken=token, **self._role)

    def protect(self, region: str, stack: str, *, on: bool) -> None:
        """Switch CloudFormation's termination protection on or off."""
        client = self._clients.cloudformation(region)
        with aws_errors(f"protecting the stack {_name_of(stack)}", region):
            client.update_termination_protection(StackName=stack, EnableTerminationProtection=on)

    def made_by(self, region: str, name: str, *, token: str) -> str | None:
        """The ARN of the stack of that name, if the operation `token` made it."""
        stack = self.describe(region, name)
        events = self.events(region, name) if stack else []
        return stack.id if stack and any(event.token == token for event in events) else None

    def _existing(self, plan: Plan, token: str) -> str:
        """The stack that an earlier CreateStack with this token made, whose answer was lost."""
        if stack_id := self.made_by(plan.region, plan.name, token=token):
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


def _template_arguments(plan: Plan) -> dict[str, Any]:
    """The arguments that CreateStack, UpdateStack and CreateChangeSet have in common."""
    return {
        "TemplateBody": plan.body,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in plan.parameters.items()
        ],
        "Tags": tag_list(plan.tags),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }


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


def _name_of(stack: str) -> str:
    """The stack's name, from its name or ARN (arn:…:stack/NAME/ID)."""
    return stack.split("/")[1] if stack.startswith("arn:") else stack
