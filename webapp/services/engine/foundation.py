"""The foundation: a small stack in the home region with the KMS key that encrypts all keys.

It has no row in the database. Its stack is the only state, so any process can find or request it.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.errors import EgretError, Unavailable
from webapp.models.base import new_id
from webapp.settings import Settings

TIMEOUT_S = 45.0
POLL_S = 1.0
CREATION = "egret-foundation"
KEY = "KeyArn"


def ensure(cloud: Cloud, settings: Settings) -> str | None:
    """Request the foundation unless it exists. Gives the KMS key's ARN once it is there.

    A key that lacks a tag of the settings gets it meanwhile; no error with that is worth a wait.
    """
    prefix, tags = settings.name_prefix, settings.tags
    plan = foundation_plan(settings.home_region, prefix=prefix, tags=tags)
    stack = cloud.stacks.describe(plan.region, plan.name)
    if stack is None:
        cloud.stacks.create(plan, token=CREATION)
    elif KEY in stack.outputs:
        if stack.phase is Phase.DONE and not tags.items() <= stack.tags.items():
            with suppress(EgretError):
                cloud.stacks.update(plan, stack.id, token=f"{CREATION}-{new_id()}")
        return stack.outputs[KEY]
    elif stack.phase is Phase.FAILED:
        cloud.stacks.delete(plan.region, stack.id, token=f"{CREATION}-clear")
    return None


def kms_key_arn(
    cloud: Cloud, settings: Settings, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """The KMS key's ARN; waits for it at most `TIMEOUT_S` seconds. Raises Unavailable."""
    for _ in range(int(TIMEOUT_S / POLL_S)):
        if arn := ensure(cloud, settings):
            return arn
        sleep(POLL_S)
    raise Unavailable(
        f"The KMS key that encrypts all keys is still being created in {settings.home_region}.",
        remedy="Wait a minute, then send the key again. Nothing was stored.",
    )
