"""What people do with a caller: add it, change its limits, give it another key, revoke it.

Each checks its rules and commits an intent; `operation` says how row and key stay in agreement.
"""

import math
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session

from webapp.aws.callers import ApiKey, CallLimits
from webapp.errors import Conflict, Invalid, NotFound, check_all
from webapp.models import Access, Caller, Function, NewCaller, NewLimits, Status, utc_now
from webapp.models.caller import burst_of
from webapp.models.rules import CALLS_PER_SECOND, QUOTA_MAX, RATE_MIN
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.engine.intents import retry_on_conflict
from webapp.services.engine.leases import Work
from webapp.services.functions.callers import key_ids, operation
from webapp.services.functions.callers.details import count, find, get
from webapp.services.functions.details import get as get_function
from webapp.services.functions.details import network_of
from webapp.services.names import check_name, taken

CALLERS_MAX = 100
"""Of one function. An account has 300 usage plans per region by default."""


@dataclass(frozen=True)
class Issued:
    """A caller and its new key, which is shown this once."""

    caller: Caller
    key: str = field(repr=False)


@retry_on_conflict
def create(scope: CloudScope, function_name: str, new: NewCaller) -> Issued:
    """Make an API key with limits of its own. It is the only time that the key is known.

    Raises Invalid with every field's error; Conflict for a taken name, a function whose endpoint
    uses no API keys or is not there yet, and one that has CALLERS_MAX callers.
    """
    session = scope.session
    function = get_function(session, function_name)
    _check_takes_keys(function)
    check_all(
        lambda: check_name(new.name), lambda: _check_rate(new.rate), lambda: _check_quota(new.quota)
    )
    if find(session, function, new.name):
        raise taken("caller", new.name)
    _check_room(session, function)
    caller = Caller(
        function_id=function.id,
        name=new.name,
        rate=new.rate,
        burst=burst_of(new.rate),
        quota=new.quota,
    )
    flag_modified(function, "status")  # a deletion of it at the same moment now conflicts
    session.add(caller)
    _flush(session, new.name)
    scope.record("create", caller, f"function {function.name}")
    work = leases.begin(session, caller.owner, lease_s=scope.settings.lease_s)
    assert work  # noqa: S101 - only this request knows the row yet
    with operation.carried_out(scope, work, caller):
        _make_plan(scope, work, function, caller)
        value = _finished(work, caller, _make_key(scope, work, function, caller))
    return Issued(caller, value)


def change(scope: CloudScope, function_name: str, name: str, new: NewLimits) -> Caller:
    """Set other limits. API Gateway keeps to them within seconds; what was used today counts."""
    function = get_function(scope.session, function_name)
    caller = get(scope.session, function, name)
    rate = caller.rate if new.rate is None else new.rate
    quota = caller.quota if new.quota is None else new.quota
    check_all(lambda: _check_rate(rate), lambda: _check_quota(quota))
    limits = CallLimits(rate, burst_of(rate), quota)
    work = _intend(scope, caller, Status.UPDATING, "change limits", function)
    with operation.carried_out(scope, work, caller):
        region = network_of(scope.session, function).region
        work.commit()
        scope.cloud_of(function).callers.set_limits(region, caller.usage_plan_id, limits)
        caller.rate, caller.burst, caller.quota = limits.rate, limits.burst, limits.quota
        caller.status = Status.READY
        work.finish()
    return caller


def rotate(scope: CloudScope, function_name: str, name: str) -> Issued:
    """Make another key; the old one ends at once.

    Without an interruption: add another caller, hand out its key, then revoke this one.
    """
    function = get_function(scope.session, function_name)
    caller = get(scope.session, function, name)
    work = _intend(scope, caller, Status.UPDATING, "rotate", function)
    with operation.carried_out(scope, work, caller):
        key = _make_key(scope, work, function, caller)
        region = network_of(scope.session, function).region
        work.commit()
        if caller.api_key_id:  # none is left of one whose key was deleted in AWS
            scope.cloud_of(function).callers.delete_key(region, caller.api_key_id)
        caller.rotated_at = utc_now()
        value = _finished(work, caller, key)
    return Issued(caller, value)


def revoke(scope: CloudScope, function_name: str, name: str) -> None:
    """Delete the key at once, then the rest of the caller.

    When AWS does not let that happen now, the background loop goes on trying.
    """
    function = get_function(scope.session, function_name)
    caller = get(scope.session, function, name)
    work = _intend(scope, caller, Status.DELETING, "revoke", function)
    with operation.carried_out(scope, work, caller):
        operation.settle(work, scope.own, scope.settings, caller)


def _intend(
    scope: CloudScope, caller: Caller, status: Status, action: str, function: Function
) -> Work:
    """Commit what is wanted of the caller, with its lease. Raises Conflict while it is changed."""
    session, name = scope.session, caller.name
    work = leases.take(session, caller.owner, lease_s=scope.settings.lease_s)
    if work is None:
        raise _busy(name)
    if session.get(Caller, work.row_id, populate_existing=True) is None:
        work.finish()
        raise NotFound(f"There is no caller named {name}.", remedy="It was just revoked.")
    if caller.status is not Status.READY and status is not Status.DELETING:
        work.run_again(in_s=0)
        raise _busy(name)
    caller.status = status
    scope.record(action, caller, f"function {function.name}")
    work.commit()
    return work


def _make_plan(scope: CloudScope, work: Work, function: Function, caller: Caller) -> None:
    settings, region = scope.settings, network_of(scope.session, function).region
    aws = scope.cloud_of(function).callers
    work.commit()
    caller.usage_plan_id = aws.create_plan(
        region,
        operation.aws_name(settings, function, caller),
        operation.limits_of(caller),
        endpoint=(function.outputs["RestApiId"], function.outputs["StageName"]),
        tags=operation.tags_of(settings, function, caller),
    )
    work.commit()


def _make_key(scope: CloudScope, work: Work, function: Function, caller: Caller) -> ApiKey:
    """A key that opens the endpoint from now on, beside an older one."""
    settings, region = scope.settings, network_of(scope.session, function).region
    aws = scope.cloud_of(function).callers
    work.commit()
    key = aws.create_key(
        region,
        operation.aws_name(settings, function, caller),
        tags=operation.tags_of(settings, function, caller),
    )
    work.commit()  # who lost the lease meanwhile lets no key in
    aws.admit(region, caller.usage_plan_id, key.id)
    return key


def _finished(work: Work, caller: Caller, key: ApiKey) -> str:
    key_ids.ended(work.session, caller)
    caller.api_key_id, caller.status = key.id, Status.READY
    work.finish()
    return key.value


def _check_takes_keys(function: Function) -> None:
    """Raises Conflict unless there is an endpoint that asks for an API key."""
    if function.access is not Access.API_KEY:
        raise Conflict(
            f"The endpoint of {function.name} asks for no API key (access {function.access}).",
            code="access_without_keys",
            remedy="Change its access to api_key first.",
            about=[function],
        )
    if function.leaving or "StageName" not in function.outputs:
        doing = "is being deleted" if function.leaving else "has no endpoint yet"
        raise Conflict(
            f"The function {function.name} {doing}.",
            code="no_endpoint",
            remedy="" if function.leaving else "Add callers once it is ready.",
            about=[function],
        )


def _check_room(session: Session, function: Function) -> None:
    if count(session, function) >= CALLERS_MAX:
        raise Conflict(
            f"The function {function.name} has {CALLERS_MAX} callers, which is the maximum.",
            code="too_many_callers",
            remedy="Revoke one that is not needed.",
            about=[function],
        )


def _check_rate(rate: float) -> None:
    if not (math.isfinite(rate) and RATE_MIN <= rate <= CALLS_PER_SECOND):
        raise Invalid(
            f"Enter {RATE_MIN} to {CALLS_PER_SECOND} calls per second; the whole endpoint accepts "
            f"no more than {CALLS_PER_SECOND}.",
            field="rate",
        )


def _check_quota(quota: int) -> None:
    if not 1 <= quota <= QUOTA_MAX:
        raise Invalid(f"Enter 1 to {QUOTA_MAX:,} calls per day.", field="quota")


def _flush(session: Session, name: str) -> None:
    """So that one of two requests with the same name fails here."""
    try:
        session.flush()
    except IntegrityError:
        session.rollback()
        raise taken("caller", name) from None


def _busy(name: str) -> Conflict:
    return Conflict(
        f"The caller {name} is being changed by another request.",
        code="caller_busy",
        remedy="Try again in a minute.",
    )
