"""Events of a stack: copied once and in order; the first real failure is the cause."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, a_stack_event, add, an_event
from tests.services.scripted import STACK_ID, ScriptedAws
from webapp.models import Network
from webapp.scope import CloudScope
from webapp.services.engine import events, leases
from webapp.services.engine.leases import Work


@pytest.fixture
def network(session: Session) -> Network:
    made = a_network(stack_id=STACK_ID)
    add(session, made)
    return made


def claimed(session: Session, network: Network) -> Work:
    work = leases.begin(session, network.owner)
    assert work is not None
    return work


def raw(number: int, token: str) -> dict[str, Any]:
    return {
        "EventId": f"raw-{number}",
        "ClientRequestToken": token,
        "LogicalResourceId": f"Resource{number}",
        "ResourceStatus": "CREATE_COMPLETE",
        "Timestamp": datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC),
    }


def test_new_events_are_copied_oldest_first_and_once(
    scripted: CloudScope, aws: ScriptedAws, network: Network
) -> None:
    work = claimed(scripted.session, network)
    for newest in (2, 3):
        found = [raw(number, network.operation_id) for number in range(newest, 0, -1)]
        aws.answers["DescribeStackEvents"] = {"StackEvents": found}
        events.copy(work, aws.cloud, network, network.region)
    copied = events.list_after(scripted.session, network)
    assert [event.logical_id for event in copied] == ["Resource1", "Resource2", "Resource3"]
    shown = events.newest(scripted.session, network, most=2, up_to=100)
    assert [event.logical_id for event in shown] == ["Resource3", "Resource2"]


def test_a_later_attempt_belongs_to_the_same_operation(
    scripted: CloudScope, aws: ScriptedAws, network: Network
) -> None:
    network.attempts = 2
    found = [raw(1, events.token_of(network))]
    aws.answers["DescribeStackEvents"] = {"StackEvents": found}
    events.copy(claimed(scripted.session, network), aws.cloud, network, network.region)
    (copied,) = events.list_after(scripted.session, network)
    assert copied.operation_id == network.operation_id


def test_aws_is_not_asked_for_the_events_of_a_row_without_a_stack(
    offline: CloudScope, network: Network
) -> None:
    network.stack_id = None
    events.copy(claimed(offline.session, network), offline.own, network, network.region)
    assert events.list_after(offline.session, network) == []


def test_a_page_gets_only_the_events_after_the_last_one_that_it_has(
    session: Session, network: Network
) -> None:
    made = [an_event(network, "CREATE_COMPLETE") for _ in range(3)]
    add(session, *made)
    assert events.list_after(session, network, made[0].id or 0) == made[1:]


def test_events_of_another_row_are_not_shown(session: Session, network: Network) -> None:
    other = a_network("other")
    add(session, other, an_event(other, "CREATE_COMPLETE"))
    assert events.list_after(session, network) == []


def test_the_root_cause_is_the_first_failure_that_follows_from_no_other(
    session: Session, network: Network
) -> None:
    add(
        session,
        an_event(network, "CREATE_FAILED", reason="of an earlier one", operation_id="earlier"),
        an_event(network, "CREATE_FAILED", reason="Resource creation cancelled"),
        an_event(network, "CREATE_FAILED", reason="The maximum number of VPCs has been reached"),
        an_event(network, "CREATE_FAILED", reason="too late"),
    )
    cause = events.root_cause(session, network)
    assert cause is not None
    assert cause.reason == "The maximum number of VPCs has been reached"


@pytest.mark.parametrize(
    "echo",
    [
        "Resource update cancelled",
        "Resource creation cancelled",
        "Resource creation Initiated",
        "The following resource(s) failed to update: [Vpc]. ",
    ],
)
def test_an_echo_is_never_the_root_cause(session: Session, network: Network, echo: str) -> None:
    add(
        session,
        an_event(network, "UPDATE_FAILED", reason=echo),
        an_event(network, "UPDATE_FAILED", logical_id="Route", reason="too late"),
    )
    cause = events.root_cause(session, network)
    assert cause is not None
    assert cause.logical_id == "Route"


def test_a_time_out_is_the_root_cause_where_no_resource_failed_by_itself(
    session: Session, network: Network
) -> None:
    reason = "Stack creation time exceeded the specified timeout. Rollback requested by user."
    add(
        session,
        an_event(network, "CREATE_FAILED", reason="Resource creation cancelled"),
        a_stack_event(network, "ROLLBACK_IN_PROGRESS", reason=reason),
    )
    cause = events.root_cause(session, network)
    assert cause is not None
    assert cause.reason == reason


def test_the_cause_of_a_deletion_is_that_of_its_last_attempt(
    session: Session, network: Network
) -> None:
    for reason in ("Rate exceeded", "in use"):
        add(session, an_event(network, "DELETE_FAILED", reason=reason))
        add(session, a_stack_event(network, "DELETE_FAILED"))
    cause = events.root_cause(session, network)
    assert cause is not None
    assert cause.reason == "in use"


def test_without_a_failure_there_is_no_root_cause(session: Session, network: Network) -> None:
    add(session, an_event(network, "CREATE_COMPLETE"))
    assert events.root_cause(session, network) is None


def test_attempts_are_counted_by_the_stack_itself_in_the_current_operation(
    session: Session, network: Network
) -> None:
    add(
        session,
        a_stack_event(network, "DELETE_FAILED"),
        a_stack_event(network, "DELETE_FAILED"),
        a_stack_event(network, "DELETE_FAILED", operation_id="earlier"),
        a_stack_event(network, "DELETE_IN_PROGRESS"),
        an_event(network, "DELETE_FAILED"),
    )
    assert events.count_attempts(session, network, "DELETE_FAILED") == 2


def test_each_attempt_has_a_token_of_its_own() -> None:
    attempts = [a_network(operation_id="abc", attempts=number) for number in (1, 2, 3)]
    tokens = [events.token_of(network) for network in attempts]
    assert tokens == ["abc", "abc-again2", "abc-again3"]
