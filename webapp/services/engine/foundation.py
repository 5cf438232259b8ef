"""The foundation of a region: one small stack with the customer-managed KMS key of all secrets.

It has no row: its stack is the only state, and anybody may find it or ask for it again.
"""

import time
from collections.abc import Callable

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Phase
from webapp.aws.cloudformation.templates import foundation_plan
from webapp.errors import Unavailable
from webapp.settings import Settings

WAIT_S = 45.0
POLL_S = 1.0
OPERATION = "egret-foundation"


def prepare(cloud: Cloud, settings: Settings) -> str | None:
    """Ask for the foundation if there is none; gives the KMS key's ARN once it is there."""
    plan = foundation_plan(settings.home_region, prefix=settings.name_prefix)
    stack = cloud.stacks.describe(plan.region, plan.name)
    if stack is None:
        cloud.stacks.create(plan, token=OPERATION)
    elif stack.phase is Phase.FAILED:
        cloud.stacks.delete(plan.region, stack.id, token=f"{OPERATION}-clear")
    elif stack.phase is Phase.DONE:
        return stack.outputs["KeyArn"]
    return None


def kms_key_arn(
    cloud: Cloud, settings: Settings, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """The KMS key's ARN, waiting for it at most `WAIT_S` seconds. Raises Unavailable."""
    for _ in range(int(WAIT_S / POLL_S)):
        if arn := prepare(cloud, settings):
            return arn
        sleep(POLL_S)
    raise Unavailable(
        f"The KMS key that encrypts all keys is still being made in {settings.home_region}.",
        remedy="Wait a minute and send the key again. Nothing of it was kept.",
    )
