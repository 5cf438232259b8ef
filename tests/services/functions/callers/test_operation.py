"""What the background loop does with a caller that was left half done."""

from typing import Any

import pytest
from sqlmodel import select

from tests.services.functions.callers.rows import (
    a_caller,
    add_caller,
    answer_all,
    callers_of,
    found_key,
    function_with_endpoint,
)
from tests.services.rows import add
from tests.services.scripted import ScriptedAws, refusal
from webapp.models import Caller, Function, Lease, Status
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.functions.callers import operation


def handled(scope: CloudScope, caller: Caller) -> None:
    work = leases.begin(scope.session, caller.owner)
    assert work
    leases.run(work, operation.handler(scope.own, scope.settings))


def listed(caller: Caller, *key_ids: str) -> dict[str, Any]:
    return {"items": [found_key(caller, id, at) for at, id in enumerate(key_ids)]}


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.DELETING])
def test_a_key_that_nobody_has_seen_or_wants_is_removed_with_all_of_its_name(
    scripted: CloudScope, aws: ScriptedAws, status: Status
) -> None:
    caller = add_caller(scripted.session, status=status, api_key_id="", usage_plan_id="")
    answer_all(aws)
    aws.answers["GetApiKeys"] = listed(caller, "a", "b")
    name = found_key(caller, "")["name"]
    plans = [{"id": "mine", "name": name}, {"id": "other", "name": f"{name}x"}]
    aws.answers["GetUsagePlans"] = {"items": plans}
    aws.answers["GetUsagePlan"] = {"apiStages": [{"apiId": "api", "stage": "prod"}]}
    handled(scripted, caller)
    assert [each["apiKey"] for each in aws.calls("DeleteApiKey")] == ["a", "b"]
    assert [each["usagePlanId"] for each in aws.calls("DeleteUsagePlan")] == ["mine"]
    (taken_off,) = aws.calls("UpdateUsagePlan")
    assert taken_off["patchOperations"][0]["value"] == "api:prod"
    assert callers_of(scripted.session) == []
    assert not scripted.session.exec(select(Lease)).all()


@pytest.mark.parametrize(
    ("there", "kept", "deleted"),
    [
        (("key-web",), "key-web", []),
        (("key-web", "new"), "key-web", ["new"]),
        (("new",), "new", []),
        (("twice", "new"), "new", ["twice"]),
        ((), "", []),
    ],
)
def test_a_rotation_that_was_killed_ends_with_one_key_the_old_one_if_it_is_there(
    scripted: CloudScope, aws: ScriptedAws, there: Any, kept: str, deleted: list[str]
) -> None:
    caller = add_caller(scripted.session, status=Status.UPDATING)
    answer_all(aws)
    aws.answers["GetApiKeys"] = listed(caller, *there)
    handled(scripted, caller)
    assert [each["apiKey"] for each in aws.calls("DeleteApiKey")] == deleted
    (found,) = callers_of(scripted.session)
    assert (found.status, found.api_key_id, found.quota) == ("ready", kept, 7)


def test_a_usage_plan_goes_even_if_its_endpoint_is_gone(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    caller = add_caller(scripted.session, status=Status.DELETING)
    answer_all(aws)
    aws.answers["GetUsagePlans"] = {
        "items": [{"id": "mine", "name": found_key(caller, "")["name"]}]
    }
    aws.answers["GetUsagePlan"] = {"apiStages": [{"apiId": "api", "stage": "prod"}]}
    aws.answers["UpdateUsagePlan"] = refusal("NotFoundException", status=404)
    handled(scripted, caller)
    assert aws.calls("DeleteUsagePlan")
    assert callers_of(scripted.session) == []


def test_what_aws_does_not_let_happen_is_tried_again(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    caller = add_caller(scripted.session, status=Status.DELETING)
    aws.answers["DeleteApiKey"] = refusal("AccessDeniedException", status=403)
    handled(scripted, caller)
    assert [each.status for each in callers_of(scripted.session)] == [Status.DELETING]
    assert scripted.session.exec(select(Lease)).one().resource == caller.owner


def test_the_callers_of_a_function_that_is_deleted_are_removed_before_it(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    function = function_with_endpoint(scripted.session, status=Status.DELETING)
    callers = [a_caller(function, name) for name in ("app", "web")]
    add(scripted.session, *callers)
    answer_all(aws)
    assert operation.remove_all(scripted.session, function)
    scripted.session.commit()
    due = {lease.resource for lease in scripted.session.exec(select(Lease))}
    assert due == {caller.owner for caller in callers}
    for caller in callers:
        handled(scripted, caller)
    assert not operation.remove_all(scripted.session, scripted.session.exec(select(Function)).one())


def test_a_function_that_is_deleted_says_which_caller_it_waits_for_and_why(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    function = function_with_endpoint(scripted.session, status=Status.DELETING)
    caller = a_caller(function)
    add(scripted.session, caller)
    aws.answers["DeleteApiKey"] = refusal("AccessDeniedException", status=403)
    handled(scripted, caller)
    scripted.session.refresh(function)
    assert function.reason.startswith("Its caller web could not be removed. While deleting an API")
    assert function.remedy


def test_a_caller_that_is_gone_needs_nothing(offline: CloudScope) -> None:
    handled(offline, Caller(id="gone", function_id="f", name="n", rate=1, burst=1, quota=1))
    assert not offline.session.exec(select(Lease)).all()
