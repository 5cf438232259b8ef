"""The foundation: a small stack in the home region with the KMS key that encrypts all keys.

In a region with functions whose code is too large for their stacks, the foundation has a bucket for
it as well, or alone. One that exists is updated at the first need.

It has no row in the database. Its stack is the only state, so any process can find or request it,
and a process that is killed leaves nothing half done: CloudFormation makes it in the background.

A network begins it, so it is usually there before a key is uploaded. An upload begins it too and
waits a little, but not for as long as AWS takes: only the request has the secret, which is stored
nowhere meanwhile, so it has to be sent again.

A creation that failed stays failed until a key is uploaded: that upload gets the reason, and what
failed is deleted, under a new token each time. So nothing is repeated without anybody knowing.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Event, Phase, Plan, Stack
from webapp.aws.cloudformation.templates import foundation_name, foundation_plan
from webapp.aws.errors import NotReached, remedy_for_reason
from webapp.errors import Conflict, EgretError, Unavailable, Upstream
from webapp.models.base import new_id
from webapp.services.engine.events import STACK_TYPE, first_cause
from webapp.settings import Settings

WAIT_S = 15.0
"""How long an upload waits for the KMS key. AWS takes about a minute to create it."""
POLL_S = 1.0
TOKEN = "egret-foundation"  # noqa: S105 - begins the tokens of requests, which are no secret
KEY, BUCKET, ALIAS = "KeyArn", "CodeBucket", "Alias"
"""Outputs of the stack, and a resource in it."""
STACK_EXISTS = "stack_exists"

log = logging.getLogger("egret.foundation")


def begin(cloud: Cloud, settings: Settings) -> None:
    """Request the foundation unless it exists or has failed. For who can do without it for now:
    what AWS answers to that is for the upload of a key to tell.
    """
    try:
        cloud.stacks.foundations.get(settings.home_region, lambda: _request(cloud, settings))
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
        if stack and stack.phase is not Phase.BUSY and not _is_ours(stack):
            raise _failure(cloud, plan, stack)
        sleep(POLL_S)
    raise Unavailable(
        f"The KMS key that encrypts all keys is still being created in {settings.home_region}.",
        remedy="Wait a minute, then send the key again. Nothing was stored.",
    )


def code_bucket(cloud: Cloud, settings: Settings, region: str, *, token: str) -> str:
    """The name of the region's bucket for code; requests it, by the operation's `token`.

    Raises NotReached while AWS creates it, so that the operation waits; Conflict when the stack is
    somebody else's; Upstream with the root cause when what the token requested has failed.
    """
    plan, stack = _described(cloud, settings, region, BUCKET)
    if stack and BUCKET in stack.outputs:
        return stack.outputs[BUCKET]
    if stack is None or stack.phase is Phase.GONE:
        _create_unless_there(cloud, plan, token)
    elif stack.phase is not Phase.BUSY:
        _add_code_bucket(cloud, plan, stack, token)
    raise NotReached(
        f"The bucket for code that is too large for a stack is being created in {region}.",
        remedy="Egret continues automatically.",
    )


def _add_code_bucket(cloud: Cloud, plan: Plan, stack: Stack, token: str) -> None:
    """Update the foundation, or clear what failed. Raises when this operation's attempt failed."""
    own = [e for e in cloud.stacks.events(plan.region, stack.id) if e.token == token]
    if stack.phase is Phase.FAILED:
        cloud.stacks.delete(plan.region, stack.id, token=_new_token())
    elif not _is_ours(stack):
        raise Conflict(
            f"The stack {plan.name} in {plan.region} is not Egret's.",
            code="foundation_foreign",
            remedy="Delete that stack, or set another EGRET_NAME_PREFIX.",
        )
    elif not own:
        cloud.stacks.update(plan, stack.id, token=token)
    if own:
        raise _bucket_failure(plan, stack, own)


def _bucket_failure(plan: Plan, stack: Stack, events: list[Event]) -> Upstream:
    cause = first_cause(
        e for e in events if e.status.endswith("_FAILED") and e.resource_type != STACK_TYPE
    )
    reason = cause.reason if cause else stack.reason or stack.status
    fix = remedy_for_reason(reason, plan.region, cause.resource_type if cause else "")
    return Upstream(
        f"AWS could not create the bucket for code that is too large for a stack, in "
        f"{plan.region}. {reason}",
        code="foundation_failed",
        remedy=f"{fix or 'Read the reason and fix it.'} Then try again.",
    )


def _described(
    cloud: Cloud, settings: Settings, region: str, wanted: str
) -> tuple[Plan, Stack | None]:
    """The stack as it is, and the plan of it with what it has and what is wanted."""
    stack = cloud.stacks.describe(region, foundation_name(settings.name_prefix))
    has = {wanted, *(stack.outputs if stack and stack.phase is not Phase.GONE else ())}
    plan = foundation_plan(
        region,
        prefix=settings.name_prefix,
        tags=settings.tags,
        key=KEY in has,
        bucket=BUCKET in has,
    )
    return plan, stack


def _request(cloud: Cloud, settings: Settings) -> tuple[Plan, Stack | None]:
    """The stack's plan, and the stack as it is; requested if there is none.

    A KMS key that lacks a tag of the settings gets it meanwhile; no error with that is worth a
    wait.
    """
    plan, stack = _described(cloud, settings, settings.home_region, KEY)
    if stack is None or stack.phase is Phase.GONE:
        _create(cloud, plan)
    elif _lacks(stack, settings.tags):
        with suppress(EgretError):
            cloud.stacks.update(plan, stack.id, token=_new_token())
    return plan, stack


def _lacks(stack: Stack, tags: dict[str, str]) -> bool:
    return _is_ours(stack) and not (KEY in stack.outputs and tags.items() <= stack.tags.items())


def _is_ours(stack: Stack) -> bool:
    return stack.phase is Phase.DONE and (KEY in stack.outputs or BUCKET in stack.outputs)


def _create(cloud: Cloud, plan: Plan) -> None:
    """Request the stack; another replica may have been first, which is as good."""
    if taken := _alias_taken(cloud, plan):
        raise taken
    _create_unless_there(cloud, plan, _new_token())


def _create_unless_there(cloud: Cloud, plan: Plan, token: str) -> None:
    try:
        cloud.stacks.create(plan, token=token)
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
