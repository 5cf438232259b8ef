"""Published versions of functions: active at once, and deleted when their last call has ended.

On AWS, calls that a version has begun to answer end undisturbed when it is deleted, and what its
role may do goes seconds later. Here the clean-up of an update follows within milliseconds, so that
it waits for them instead.
"""

import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

VERSION = "AWS::Lambda::Version"
ACTIVE = {"State": "Active", "StateReason": "", "StateReasonCode": ""}
UPDATED = {"LastUpdateStatus": "Successful", "LastUpdateStatusReason": ""}
POLL_S = 0.05
QUIET_S = 0.25
"""A call that has found the version through its alias begins within that time."""
CALL_MAX_S = 30.0

Made = tuple[str, dict[str, Any]]


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[VERSION]
    create, delete = handlers["create"], handlers["delete"]

    def created(logical_id: str, properties: dict[str, Any], stack: str) -> Made:
        made: Made = create(logical_id, properties, stack)
        name, version = _named(made[0])
        lambda_svc._functions[name]["versions"][version]["config"].update(ACTIVE | UPDATED)
        return made

    def deleted(arn: str, properties: dict[str, Any]) -> None:
        delete(arn, properties)
        name, version = _named(arn)
        lambda_runtime.invalidate_worker(
            name, qualifier=version, account=get_account_id(), region=get_region()
        )

    handlers["create"], handlers["delete"] = created, deleted


def wait_for_calls(resource_type: str, physical_id: str) -> None:
    """Return once a version has answered its calls; at once for anything else."""
    if resource_type != VERSION:
        return
    key = ":".join((get_account_id(), get_region(), *_named(physical_id)))
    if not lambda_runtime._workers.get(key):
        return
    until = time.monotonic() + CALL_MAX_S
    quiet_since = time.monotonic()
    while quiet_since + QUIET_S > time.monotonic() and time.monotonic() < until:
        time.sleep(POLL_S)
        if any(worker.in_use for worker in list(lambda_runtime._workers.get(key) or ())):
            quiet_since = time.monotonic()


def _named(arn: str) -> tuple[str, str]:
    """The function's name and the version's number."""
    name, version = arn.rsplit(":", 2)[1:]
    return name, version
