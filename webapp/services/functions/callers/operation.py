"""How a caller's row and its API key stay in agreement, even if the process is killed.

1. **Intent.** What is asked of AWS is in the row first: *requested*, *updating* or *deleting*,
   committed with the caller's lease. Key and usage plan have a name that follows from the row.
2. **Order.** A new caller gets its usage plan, then a key, and only at last the key may open the
   endpoint. Another key opens it before the old one is deleted. A revocation deletes the key first.
3. **Result.** Killed in between, the background loop finds by name what there is. A key that was
   never shown is of no use to anyone: a new caller is removed again, and the one that gets another
   key keeps the old one if that is still there.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlmodel import Session

from webapp.aws import Cloud
from webapp.aws.callers import CallLimits
from webapp.aws.errors import is_throttled, is_transient
from webapp.aws.tags import CALLER_TAG, FUNCTION_TAG, MANAGED_TAG
from webapp.errors import Conflict, EgretError
from webapp.models import Caller, Function, Status
from webapp.scope import CloudScope, cloud_of
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler, LeaseLost, Work
from webapp.services.functions.callers import key_ids
from webapp.services.functions.callers.details import list_all
from webapp.services.functions.details import network_of
from webapp.settings import Settings
from webapp.telemetry import spans

NOUN = "caller"
AFTER_ERROR_S = 15.0
ANSWER_MAX_S = 60.0
"""A request without an answer has arrived by then, or never will: twice as long as we wait."""

log = logging.getLogger("egret.callers")


def aws_name(settings: Settings, function: Function, caller: Caller) -> str:
    """Of the caller's key and usage plan; no other caller's is alike."""
    return f"{settings.name_prefix}-function-{function.name}-{caller.name}-{caller.id}"


def tags_of(settings: Settings, function: Function, caller: Caller) -> dict[str, str]:
    """Of the caller's key and usage plan."""
    own = {MANAGED_TAG: "true", FUNCTION_TAG: function.name, CALLER_TAG: caller.id}
    return settings.tags | own


def limits_of(caller: Caller) -> CallLimits:
    return CallLimits(caller.rate, caller.burst, caller.quota)


def handler(cloud: Cloud, settings: Settings) -> Handler:
    """What the background loop does with a caller that is due."""

    def run(work: Work) -> None:
        caller = work.session.get(Caller, work.row_id)
        if caller is None:
            work.finish()
            return
        try:
            settle(work, cloud, settings, caller)
        except EgretError as error:
            spans.note(error=error.code)
            work.session.rollback()
            log.warning("the caller %s waits: %s", work.row_id, error.detail)
            _tell(work.session, caller, error)
            work.run_again(in_s=AFTER_ERROR_S)

    return run


def _tell(session: Session, caller: Caller, error: EgretError) -> None:
    """Into the row of a function whose deletion waits for it."""
    function = session.get_one(Function, caller.function_id)
    if function.leaving:
        function.reason = f"Its caller {caller.name} could not be removed. {error.detail}"
        function.remedy = error.remedy


@contextmanager
def carried_out(scope: CloudScope, work: Work, caller: Caller) -> Iterator[None]:
    """Around the calls to AWS for what was committed as the intent.

    After an error of AWS the row is put right at once, or by the background loop when AWS may still
    do what it has not answered. Raises that error.
    """
    busy = Conflict(
        f"AWS took too long with the caller {caller.name}.",
        code="caller_busy",
        remedy="Reload the page in a minute.",
    )
    try:
        yield
    except LeaseLost:
        raise busy from None
    except EgretError as error:
        scope.session.rollback()
        scope.session.refresh(caller)
        with suppress(LeaseLost):
            if is_transient(error) and not is_throttled(error):
                is_repeatable = caller.status is Status.DELETING
                work.run_again(in_s=AFTER_ERROR_S if is_repeatable else ANSWER_MAX_S)
            else:
                work.commit()
                handler(scope.own, scope.settings)(work)
        raise


def settle(work: Work, cloud: Cloud, settings: Settings, caller: Caller) -> None:
    """Write into the row what AWS has; or remove both, and finish."""
    session = work.session
    function = session.get_one(Function, caller.function_id)
    cloud = cloud_of(session, cloud, settings, function)
    region, name = network_of(session, function).region, aws_name(settings, function, caller)
    spans.note(state=caller.status, region=region, account=cloud.number)
    is_leaving = function.leaving or caller.status in (Status.REQUESTED, Status.DELETING)
    work.commit()  # no call to AWS while the database is held
    if is_leaving:
        remove(work, cloud, caller, region, name)
        return
    there = cloud.callers.key_ids(region, name)
    kept = caller.api_key_id if caller.api_key_id in there else "".join(there[-1:])
    for key_id in there:
        if key_id != kept:
            cloud.callers.delete_key(region, key_id)
    limits = cloud.callers.limits(region, caller.usage_plan_id)
    if limits:
        caller.rate, caller.burst, caller.quota = limits.rate, limits.burst, limits.quota
    if kept != caller.api_key_id:
        key_ids.ended(session, caller)
    caller.api_key_id, caller.status = kept, Status.READY
    session.add(caller)
    work.finish()


def remove(work: Work, cloud: Cloud, caller: Caller, region: str, name: str) -> None:
    """Delete the caller's keys, its usage plan, and the row."""
    if caller.api_key_id:
        cloud.callers.delete_key(region, caller.api_key_id)
    for key_id in cloud.callers.key_ids(region, name):
        cloud.callers.delete_key(region, key_id)
    for plan_id in cloud.callers.plan_ids(region, name):
        cloud.callers.delete_plan(region, plan_id)
    key_ids.ended(work.session, caller)
    work.session.delete(caller)
    work.finish()


def remove_all(session: Session, function: Function) -> bool:
    """Have the background loop remove all callers of a function that is being deleted.

    False when there are none any more.
    """
    callers = list_all(session, function)
    for caller in callers:
        leases.make_due(session, caller.owner)
    return bool(callers)
