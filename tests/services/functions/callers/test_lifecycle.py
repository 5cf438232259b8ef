"""Callers: added, changed, given another key and revoked; what is refused asks nothing of AWS."""

import logging
from time import time
from typing import Any

import pytest
from sqlmodel import select

from tests.services.functions.callers.rows import (
    KEY,
    OUTPUTS,
    a_caller,
    add_caller,
    answer_all,
    callers_of,
    function_of,
    function_with_endpoint,
)
from tests.services.rows import add
from tests.services.scripted import ScriptedAws, refusal
from webapp.aws.errors import AwsError, NotReached, QuotaExceeded
from webapp.errors import Conflict, EgretError, Invalid, NotFound
from webapp.models import Access, AuditEvent, Lease, NewCaller, NewLimits, Status
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.functions import callers
from webapp.services.functions.callers import key_ids
from webapp.services.functions.callers.lifecycle import CALLERS_MAX
from webapp.services.functions.callers.operation import ANSWER_MAX_S

NEW = NewCaller(name="web", rate=2.5, quota=1000)


def names(aws: ScriptedAws) -> list[str]:
    return [name for name, _ in aws.asked]


def test_a_key_is_made_then_let_in_last_and_shown_once(
    scripted: CloudScope, aws: ScriptedAws, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    function_with_endpoint(scripted.session)
    answer_all(aws)
    issued = callers.create(scripted, "fun", NEW)
    assert issued.key == KEY["value"]
    assert names(aws) == ["CreateUsagePlan", "CreateApiKey", "CreateUsagePlanKey"]
    (plan,), (key,) = aws.calls("CreateUsagePlan"), aws.calls("CreateApiKey")
    assert plan["apiStages"] == [{"apiId": "api", "stage": "prod"}]
    assert plan["throttle"] == {"rateLimit": 2.5, "burstLimit": 5}
    assert plan["quota"] == {"limit": 1000, "period": "DAY"}
    (caller,) = callers_of(scripted.session)
    assert key["name"] == plan["name"] == f"egret-function-fun-web-{caller.id}"
    tags = {"egret:managed": "true", "egret:function": "fun", "egret:caller": caller.id}
    assert key["tags"] == plan["tags"] == tags
    assert (caller.status, caller.usage_plan_id, caller.api_key_id) == ("ready", "plan-1", "key-1")
    assert not scripted.session.exec(select(Lease)).all()
    kept = [caller, *scripted.session.exec(select(AuditEvent)).all()]
    assert KEY["value"] not in f"{kept}{issued}"
    assert KEY["value"] not in "".join(
        record.message for record in caplog.records if record.name.startswith("egret")
    )


@pytest.mark.parametrize(
    ("new", "field"),
    [
        ({"name": "Web"}, "name"),
        ({"rate": 0}, "rate"),
        ({"rate": 101}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"rate": float("inf")}, "rate"),
        ({"quota": 0}, "quota"),
        ({"quota": 10**12}, "quota"),
    ],
)
def test_a_caller_with_a_field_that_breaks_a_rule_is_not_made(
    offline: CloudScope, new: dict[str, Any], field: str
) -> None:
    function_with_endpoint(offline.session)
    with pytest.raises(Invalid) as refused:
        callers.create(offline, "fun", NEW.model_copy(update=new))
    assert [*refused.value.errors] == [field]
    assert callers_of(offline.session) == []


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"access": Access.IAM}, "access_without_keys"),
        ({"access": Access.OPEN}, "access_without_keys"),
        ({"outputs": {}}, "no_endpoint"),
        ({"status": Status.DELETING}, "no_endpoint"),
    ],
)
def test_a_function_that_takes_no_keys_gets_no_caller(
    offline: CloudScope, columns: dict[str, Any], code: str
) -> None:
    function_with_endpoint(offline.session, **columns)
    with pytest.raises(Conflict) as refused:
        callers.create(offline, "fun", NEW)
    assert refused.value.code == code


def test_a_name_is_taken_within_its_function_only(scripted: CloudScope, aws: ScriptedAws) -> None:
    add_caller(scripted.session)
    answer_all(aws)
    with pytest.raises(Conflict) as refused:
        callers.create(scripted, "fun", NEW)
    assert refused.value.code == "name_taken"
    assert aws.asked == []


def test_a_function_has_no_more_callers_than_the_limit(offline: CloudScope) -> None:
    function = function_with_endpoint(offline.session)
    add(offline.session, *(a_caller(function, f"c-{n}") for n in range(CALLERS_MAX)))
    with pytest.raises(Conflict, match="which is the maximum"):
        callers.create(offline, "fun", NEW)


@pytest.mark.parametrize("failing", ["CreateUsagePlan", "CreateApiKey", "CreateUsagePlanKey"])
def test_what_aws_refuses_leaves_neither_key_nor_row(
    scripted: CloudScope, aws: ScriptedAws, failing: str
) -> None:
    function_with_endpoint(scripted.session)
    answer_all(aws)
    aws.answers[failing] = refusal("LimitExceededException", "no more", status=429)
    with pytest.raises(AwsError) as refused:
        callers.create(scripted, "fun", NEW)
    assert isinstance(refused.value, QuotaExceeded)
    assert callers_of(scripted.session) == []
    assert not scripted.session.exec(select(Lease)).all()


def test_after_a_lost_answer_the_background_loop_removes_what_came_of_it(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    function_with_endpoint(scripted.session)
    answer_all(aws)
    del aws.answers["CreateApiKey"]
    with pytest.raises(NotReached):
        callers.create(scripted, "fun", NEW)
    (caller,) = callers_of(scripted.session)
    assert caller.status is Status.REQUESTED
    (lease,) = scripted.session.exec(select(Lease)).all()
    assert (lease.resource, lease.expires_at) == (caller.owner, 0)


def test_another_key_is_let_in_before_the_old_one_ends(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_caller(scripted.session)
    answer_all(aws)
    issued = callers.rotate(scripted, "fun", "web")
    assert issued.key == KEY["value"]
    assert names(aws) == ["CreateApiKey", "CreateUsagePlanKey", "DeleteApiKey"]
    assert aws.calls("DeleteApiKey") == [{"apiKey": "key-web"}]
    (caller,) = callers_of(scripted.session)
    assert (caller.status, caller.api_key_id, caller.usage_plan_id) == (
        "ready",
        "key-1",
        "plan-web",
    )
    assert caller.rotated_at
    assert key_ids.names(scripted.session, function_of(scripted.session)) == {
        "key-1": "web",
        "key-web": "web",
    }


def test_a_caller_whose_key_was_deleted_in_aws_gets_another_one(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_caller(scripted.session, api_key_id="")
    answer_all(aws)
    assert callers.rotate(scripted, "fun", "web").key == KEY["value"]
    assert not aws.calls("DeleteApiKey")
    assert [each.api_key_id for each in callers_of(scripted.session)] == ["key-1"]


def test_limits_are_set_in_the_usage_plan_and_what_is_left_out_stays(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    add_caller(scripted.session)
    answer_all(aws)
    changed = callers.change(scripted, "fun", "web", NewLimits(rate=0.4))
    assert (changed.rate, changed.burst, changed.quota) == (0.4, 1, 1000)
    (asked,) = aws.calls("UpdateUsagePlan")
    assert asked["usagePlanId"] == "plan-web"
    assert {each["path"]: each["value"] for each in asked["patchOperations"]} == {
        "/throttle/rateLimit": "0.4",
        "/throttle/burstLimit": "1",
        "/quota/limit": "1000",
    }
    with pytest.raises(Invalid):
        callers.change(scripted, "fun", "web", NewLimits(quota=0))
    (caller,) = callers_of(scripted.session)
    assert (caller.status, caller.rate) == ("ready", 0.4)


def test_limits_that_aws_refused_are_those_that_it_has(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    caller = add_caller(scripted.session)
    answer_all(aws)
    aws.answers["UpdateUsagePlan"] = refusal("BadRequestException")
    with pytest.raises(AwsError):
        callers.change(scripted, "fun", "web", NewLimits(quota=99))
    scripted.session.refresh(caller)
    assert (caller.status, caller.quota) == ("ready", 7)


def test_a_revocation_ends_the_key_before_anything_else(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    caller = add_caller(scripted.session)
    answer_all(aws)
    name = f"egret-function-fun-web-{caller.id}"
    aws.answers["GetUsagePlans"] = {"items": [{"id": "plan-web", "name": name}]}
    callers.revoke(scripted, "fun", "web")
    assert names(aws)[0] == "DeleteApiKey"
    assert aws.calls("DeleteUsagePlan") == [{"usagePlanId": "plan-web"}]
    assert callers_of(scripted.session) == []
    assert key_ids.names(scripted.session, function_of(scripted.session)) == {"key-web": "web"}
    events = scripted.session.exec(select(AuditEvent)).all()
    assert [(event.action, event.noun, event.name, event.detail) for event in events] == [
        ("revoke", "caller", "web", "function fun")
    ]


def test_a_revocation_that_aws_does_not_answer_is_gone_on_with(scripted: CloudScope) -> None:
    caller = add_caller(scripted.session)
    with pytest.raises(NotReached):
        callers.revoke(scripted, "fun", "web")
    scripted.session.refresh(caller)
    assert caller.status is Status.DELETING
    lease = scripted.session.exec(select(Lease)).one()
    assert (lease.resource, lease.due_at - time() < ANSWER_MAX_S / 2) == (caller.owner, True)


@pytest.mark.parametrize("ask", [callers.rotate, callers.revoke])
def test_a_caller_that_is_being_changed_is_not_changed_twice(offline: CloudScope, ask: Any) -> None:
    caller = add_caller(offline.session)
    assert leases.take(offline.session, caller.owner)
    with pytest.raises(Conflict) as refused:
        ask(offline, "fun", "web")
    assert refused.value.code == "caller_busy"
    with pytest.raises(NotFound):
        ask(offline, "fun", "nobody")


def test_the_endpoint_may_be_gone_but_errors_say_what_to_do(offline: CloudScope) -> None:
    function_with_endpoint(offline.session, access=Access.IAM, outputs=OUTPUTS)
    with pytest.raises(EgretError) as refused:
        callers.create(offline, "fun", NEW)
    assert refused.value.remedy == "Change its access to api_key first."
