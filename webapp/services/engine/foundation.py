"""The foundation: a small stack in the home region with the KMS key that encrypts all keys.

It has no row in the database. Its stack is the only state, so any process can find or request it,
and a process that is killed leaves nothing half done: CloudFormation makes it in the background.

A network begins it, so it is usually there before a key is uploaded. An upload begins it too and
waits a little, but not for as long as AWS takes: only the request has the secret, which is stored
nowhere meanwhile, so it has to be sent again.

A creation that failed stays failed until a key is uploaded: that upload is told why, and what
failed is deleted, under a new token each time. So nothing is repeated without anybody knowing.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Event, Phase, Plan, Stack
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.aws.errors import remedy_for_reason
from webapp.errors import Conflict, EgretError, Unavailable, Upstream
from webapp.models.base import new_id
from webapp.services.engine.events import STACK_TYPE, first_cause
from webapp.settings import Settings

WAIT_S = 15.0
"""How long an upload waits for the KMS key. AWS takes about a minute to create it."""
POLL_S = 1.0
TOKEN = "egret-foundation"  # noqa: S105 - begins the tokens of requests, which are no secret
KEY, ALIAS = "KeyArn", "Alias"
"""An output of the stack, and a resource in it."""
STACK_EXISTS = "stack_exists"

log = logging.getLogger("egret.foundation")


def begin(cloud: Cloud, settings: Settings) -> None:
    """Request the foundation unless it exists or has failed. For who can do without it for now:
    what AWS answers to that is for the upload of a key to tell.
    """
    try:
        _request(cloud, settings)
    except EgretError as error:
        log.warning("the foundation waits for a key: %s", error)


def kms_key_arn(
    cloud: Cloud,
    settings: Settings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """The KMS key's ARN; requests the key, and waits for it at most `WAIT_S` seconds, in which
    also counts what AWS takes to answer.

    Raises Unavailable when AWS is still creating it, Conflict when somebody else has its alias, and
    Upstream with the root cause when its creation failed; then what it left is deleted.
    """
    until = clock() + WAIT_S
    while clock() < until:
        plan, stack = _request(cloud, settings)
        if stack and KEY in stack.outputs:
            return stack.outputs[KEY]
        if stack and stack.phase is not Phase.BUSY:
            raise _failure(cloud, plan, stack)
        sleep(POLL_S)
    raise Unavailable(
        f"The KMS key that encrypts all keys is still being created in {settings.home_region}.",
        remedy="Wait a minute, then send the key again. Nothing was stored.",
    )


def _request(cloud: Cloud, settings: Settings) -> tuple[Plan, Stack | None]:
    """The stack's plan, and the stack as it is; requested if there is none.

    A KMS key that lacks a tag of the settings gets it meanwhile; no error with that is worth a
    wait.
    """
    tags = settings.tags
    plan = foundation_plan(settings.home_region, prefix=settings.name_prefix, tags=tags)
    stack = cloud.stacks.describe(plan.region, plan.name)
    if stack is None or stack.phase is Phase.GONE:
        _create(cloud, plan)
    elif _lacks(stack, tags):
        with suppress(EgretError):
            cloud.stacks.update(plan, stack.id, token=_new_token())
    return plan, stack


def _lacks(stack: Stack, tags: dict[str, str]) -> bool:
    is_ours = KEY in stack.outputs and stack.phase is Phase.DONE
    return is_ours and not tags.items() <= stack.tags.items()


def _create(cloud: Cloud, plan: Plan) -> None:
    """Request the stack; another replica may have been first, which is as good."""
    if taken := _alias_taken(cloud, plan):
        raise taken
    try:
        cloud.stacks.create(plan, token=_new_token())
    except Conflict as error:
        if error.code != STACK_EXISTS:
            raise


def _failure(cloud: Cloud, plan: Plan, stack: Stack) -> EgretError:
    """Why there is no KMS key. Requests the deletion of a creation that failed."""
    cause = _cause(stack, cloud.stacks.events(plan.region, stack.id))
    reason = f"{cause.logical_id}: {cause.reason}" if cause else stack.reason or stack.status
    if stack.phase is not Phase.FAILED:
        return Conflict(
            f"The stack {plan.name} in {plan.region} has no KMS key for Egret.",
            code="foundation_foreign",
            remedy="Delete that stack, or set another EGRET_NAME_PREFIX. Nothing was stored.",
        )
    left = "Egret deletes what is left of the attempt."
    try:
        cloud.stacks.delete(plan.region, stack.id, token=_new_token())
    except EgretError as error:
        left = f"What is left of the attempt could not be deleted: {error}"
    if cause and cause.logical_id == ALIAS and (taken := _alias_taken(cloud, plan)):
        return taken
    what = "deleting" if stack.status == "DELETE_FAILED" else "creating"
    kind = cause.resource_type if cause else ""
    fix = remedy_for_reason(reason, plan.region, kind) or "Read the reason and fix it."
    return Upstream(
        f"AWS failed at {what} the KMS key that encrypts all keys, in {plan.region}. {reason}",
        code="foundation_failed",
        remedy=f"{fix} Then send the key again. Nothing was stored. {left}",
    )


def _cause(stack: Stack, events: list[Event]) -> Event | None:
    """The failure that the others follow from: of the creation, or of its newest deletion."""
    failed = [event for event in events if event.resource_type != STACK_TYPE]
    if stack.status == "DELETE_FAILED":
        return first_cause(e for e in reversed(failed) if e.status == stack.status)
    return first_cause(event for event in failed if event.status.endswith("_FAILED"))


def _alias_taken(cloud: Cloud, plan: Plan) -> Conflict | None:
    """Somebody else has the alias. None as well where the policy does not let Egret look."""
    alias = f"alias/{plan.parameters['Prefix']}"
    try:
        key_id = cloud.kms.key_behind(plan.region, alias)
    except EgretError:
        return None
    if not key_id:
        return None
    return Conflict(
        f"Egret's KMS key cannot be created in {plan.region}: its name {alias} belongs to another "
        f"KMS key of the account, {key_id}.",
        code="alias_taken",
        remedy="Set another EGRET_NAME_PREFIX. Or, if nobody uses that name, delete it (aws kms "
        f"delete-alias --alias-name {alias} --region {plan.region}) and send the key again. "
        "Nothing was stored.",
    )


def _new_token() -> str:
    """AWS remembers tokens: another attempt needs another one."""
    return f"{TOKEN}-{new_id()}"
