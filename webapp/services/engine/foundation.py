"""The foundation: a small stack in the home region with the KMS key that encrypts all keys.

It has no row in the database. Its stack is the only state, so any process can find or request it.
"""

import time
from collections.abc import Callable

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.errors import Unavailable
from webapp.settings import Settings

TIMEOUT_S = 45.0
POLL_S = 1.0
CREATION = "egret-foundation"


def ensure(cloud: Cloud, settings: Settings) -> str | None:
    """Request the foundation unless it exists. Gives the KMS key's ARN once it is there."""
    prefix, tags = settings.name_prefix, settings.tags
    plan = foundation_plan(settings.home_region, prefix=prefix, tags=tags)
    stack = cloud.stacks.describe(plan.region, plan.name)
    if stack is None:
        cloud.stacks.create(plan, token=CREATION)
    elif stack.phase is Phase.FAILED:
        cloud.stacks.delete(plan.region, stack.id, token=f"{CREATION}-clear")
    elif stack.phase is Phase.DONE:
        return stack.outputs["KeyArn"]
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
