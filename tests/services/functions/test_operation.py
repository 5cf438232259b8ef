"""What the background does with a function, as far as it is decided without waiting for AWS."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import select

from tests.services.rows import a_function, a_key, a_network, add_function, an_event
from tests.services.scripted import STACK_ID, ScriptedAws, refusal
from webapp.models import Function, Lease, Network, Snapshot, Status, utc_now
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.engine.operation import RETRY_S
from webapp.services.engine.progress import RESULT_WITHIN
from webapp.services.functions.operation import (
    THROTTLED_ATTEMPTS_MAX,
    FunctionOperation,
    lags,
)

THROTTLED = "Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 0-0)"
STACK_OUTPUTS = {
    "FunctionName": "egret-function-fun",
    "RestApiId": "api-id",
    "StageName": "prod",
    "Alias": "live",
    "SubnetIds": "subnet-1",
}


def begun(scope: CloudScope, **columns: Any) -> FunctionOperation:
    """A claimed function, in a network with one subnet."""
    function = add_function(scope.session, **{"stack_id": STACK_ID} | columns)
    network = scope.session.get_one(Network, function.network_id)
    network.outputs = {"PrivateSubnetIds": "subnet-1", "SecurityGroupId": "sg-1"}
    return claimed(scope, function)


def claimed(scope: CloudScope, function: Function) -> FunctionOperation:
    work = leases.begin(scope.session, function.owner)
    assert work is not None
    return FunctionOperation(work, function, scope.own, scope.settings)


def due(scope: CloudScope) -> list[str]:
    return [lease.resource for lease in scope.session.exec(select(Lease))]


def test_a_function_that_is_ready_has_its_endpoint_and_its_first_answer(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.CREATING)
    aws.show_stack("CREATE_COMPLETE", **STACK_OUTPUTS)
    aws.answers["Invoke"] = {"Payload": BytesIO(b'{"statusCode": 200, "body": "{}"}')}
    operation.advance()
    assert operation.row.status is Status.READY
    url = "https://api-id.execute-api.eu-central-1.amazonaws.com/prod/"
    assert operation.row.endpoint_url == url
    assert scripted.session.exec(select(Snapshot)).one().ok
    assert due(scripted) == []


def test_a_first_answer_that_aws_could_not_fetch_is_fetched_a_few_seconds_later(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.CREATING)
    aws.show_stack("CREATE_COMPLETE", **STACK_OUTPUTS)
    aws.answers["Invoke"] = refusal("TooManyRequestsException", status=429)
    operation.advance()
    row = operation.row
    in_s = leases.due_in_s(scripted.session)
    assert (row.status, due(scripted)) == (Status.READY, [row.owner])
    assert in_s and 0 < in_s <= RETRY_S
    aws.answers["Invoke"] = {"Payload": BytesIO(b'{"statusCode": 200, "body": "{}"}')}
    claimed(scripted, row).advance()
    assert scripted.session.exec(select(Snapshot)).one().ok
    assert due(scripted) == []


def test_a_first_answer_is_not_asked_for_again_and_again(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.READY, outputs=STACK_OUTPUTS)
    operation.row.updated_at = utc_now() - RESULT_WITHIN
    aws.answers["Invoke"] = refusal("TooManyRequestsException", status=429)
    operation.advance()
    assert due(scripted) == []


def test_a_function_has_the_tags_of_its_network_and_of_the_settings(scripted: CloudScope) -> None:
    settings = scripted.settings.model_copy(update={"tags": {"team": "pay"}})
    operation = begun(replace(scripted, settings=settings))
    operation.network.tags = {"env": "x"}
    assert {"team": "pay", "env": "x"}.items() <= operation.plan().tags.items()


def test_an_endpoint_in_another_partition_has_that_partitions_host_name(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.CREATING)
    operation.network.region = "cn-north-1"
    scripted.session.commit()
    aws.show_stack("CREATE_COMPLETE", **STACK_OUTPUTS)
    operation.advance()
    url = "https://api-id.execute-api.cn-north-1.amazonaws.com.cn/prod/"
    assert operation.row.endpoint_url == url


def test_a_network_that_grew_during_the_creation_is_followed_next(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.CREATING)
    operation.network.outputs = {"PrivateSubnetIds": "subnet-1,subnet-2"}
    scripted.session.commit()
    aws.show_stack("CREATE_COMPLETE", **STACK_OUTPUTS)
    operation.advance()
    assert operation.row.status is Status.UPDATING
    assert due(scripted) == [operation.row.owner]


@pytest.mark.parametrize(
    ("stack", "after"),
    [("UPDATE_COMPLETE", Status.UPDATING), ("UPDATE_ROLLBACK_COMPLETE", Status.READY)],
)
def test_a_network_that_grew_during_an_update_is_followed_next_unless_that_failed(
    scripted: CloudScope, aws: ScriptedAws, stack: str, after: Status
) -> None:
    operation = begun(scripted, status=Status.UPDATING)
    operation.network.outputs = {"PrivateSubnetIds": "subnet-1,subnet-2", "SecurityGroupId": "sg-1"}
    scripted.session.add(an_event(operation.row, "UPDATE_IN_PROGRESS"))
    scripted.session.commit()
    aws.show_stack(stack, **STACK_OUTPUTS)
    operation.advance()
    assert operation.row.status is after
    assert due(scripted) == [operation.row.owner] * (after is Status.UPDATING)


def test_a_creation_that_failed_fetches_nothing(scripted: CloudScope, aws: ScriptedAws) -> None:
    operation = begun(scripted, status=Status.CREATING)
    aws.show_stack("ROLLBACK_COMPLETE", reason="no role")
    operation.advance()
    assert (operation.row.status, operation.row.reason) == (Status.FAILED, "no role")
    assert scripted.session.exec(select(Snapshot)).first() is None


@pytest.mark.parametrize(
    ("before", "stack", "after"),
    [
        (Status.CREATING, "ROLLBACK_COMPLETE", Status.REQUESTED),
        (Status.UPDATING, "UPDATE_ROLLBACK_COMPLETE", Status.UPDATING),
    ],
)
def test_what_aws_throttled_begins_again_later(
    scripted: CloudScope, aws: ScriptedAws, before: Status, stack: str, after: Status
) -> None:
    operation = begun(scripted, status=before)
    row, first = operation.row, operation.row.operation_id
    aws.show_stack(stack, reason=THROTTLED, **STACK_OUTPUTS)
    scripted.session.add(an_event(row, "CREATE_FAILED", reason=THROTTLED))
    scripted.session.commit()
    operation.advance()
    assert (row.status, row.attempts) == (after, 2)
    assert row.operation_id != first
    assert row.reason.startswith("AWS throttles")
    assert due(scripted) == [row.owner]


def test_what_aws_keeps_throttling_is_given_up(scripted: CloudScope, aws: ScriptedAws) -> None:
    operation = begun(scripted, status=Status.CREATING, attempts=THROTTLED_ATTEMPTS_MAX)
    aws.show_stack("ROLLBACK_COMPLETE", reason=THROTTLED)
    operation.advance()
    assert (operation.row.status, operation.row.reason) == (Status.FAILED, THROTTLED)
    assert "Try fewer" in operation.row.remedy


def test_an_update_runs_the_function_in_its_networks_subnets(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.UPDATING)
    aws.show_stack("CREATE_COMPLETE", **STACK_OUTPUTS)
    aws.answers["UpdateStack"] = refusal("ValidationError", "No updates are to be performed.")
    operation.advance()
    (request,) = aws.calls("UpdateStack")
    sent = {p["ParameterKey"]: p["ParameterValue"] for p in request["Parameters"]}
    assert sent["SubnetIds"] == "subnet-1"
    assert (operation.row.status, operation.row.outputs["SubnetIds"]) == (Status.READY, "subnet-1")


def test_a_function_without_a_stack_is_gone_at_once(offline: CloudScope) -> None:
    begun(offline, status=Status.DELETING, stack_id=None).advance()
    assert offline.session.exec(select(Function)).all() == []
    assert due(offline) == []


def test_a_failed_function_needs_no_step(offline: CloudScope) -> None:
    operation = begun(offline, status=Status.FAILED, reason="why")
    operation.advance()
    assert (operation.row.status, operation.row.reason) == (Status.FAILED, "why")


@pytest.mark.parametrize(
    ("runs_in", "lagging"),
    [
        ({}, False),
        ({"SubnetIds": "a", "Alias": "live"}, True),
        ({"SubnetIds": "a,b"}, True),
        ({"SubnetIds": "a,b", "Alias": "live"}, False),
    ],
)
def test_a_function_lags_when_its_network_has_more_zones_or_no_alias_leads_to_it(
    runs_in: dict[str, str], lagging: bool
) -> None:
    network = a_network(outputs={"PrivateSubnetIds": "a,b"})
    assert lags(a_function(network, a_key(), outputs=runs_in), network) is lagging


def test_a_function_that_another_process_works_on_is_left_to_it(offline: CloudScope) -> None:
    operation = begun(offline)
    FunctionOperation.begin(offline, operation.row)
    assert operation.row.reason == ""
