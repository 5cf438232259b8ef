"""Drift: only a network that is not changing can be checked for it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.services.rows import a_network
from tests.services.scripted import NO_STACK, STACK_ID, ScriptedAws
from webapp.aws.drift.detection import Detection
from webapp.aws.drift.difference import Difference
from webapp.errors import Conflict
from webapp.models import Network, Status
from webapp.scope import CloudScope
from webapp.services.audit import list_after
from webapp.services.inspection import drift
from webapp.services.inspection.drift import Report

BY_HAND = Difference("Vpc", "vpc-1", "there", "deleted", by_hand="Make it again.")
RESTORABLE = Difference("Route", "rtb-1", "nat-1", "none", restore=lambda: None)


def a_report(here: list[Difference], stack: list[Difference]) -> Report:
    return Report(a_network(), here, stack, "NOT_CHECKED", None, 0)


def test_a_network_is_in_sync_when_neither_reading_differs() -> None:
    assert a_report([], []).in_sync
    assert not a_report([BY_HAND], []).in_sync
    assert not a_report([], [BY_HAND]).in_sync
    assert not replace(a_report([], []), stack_problem="It could not be read.").in_sync


def test_what_must_be_done_by_hand_cannot_be_restored() -> None:
    assert a_report([BY_HAND, RESTORABLE], [RESTORABLE]).restorable == [RESTORABLE]


def test_cloudformations_own_check_is_recorded(scripted: CloudScope, aws: ScriptedAws) -> None:
    aws.show_stack("CREATE_COMPLETE")
    aws.answers |= {
        "DetectStackDrift": {"StackDriftDetectionId": "check"},
        "DescribeStackDriftDetectionStatus": {"DetectionStatus": "DETECTION_COMPLETE"},
    }
    assert drift.check(scripted, a_network(stack_id=STACK_ID)) == Detection(done=True)
    assert [event.action for event in list_after(scripted.session, 0, limit=9)] == ["check drift"]


Ask = Callable[[CloudScope, Network], object]
ASKS: list[Ask] = [
    lambda scope, network: drift.report(scope.session, scope.own, network),
    drift.check,
    drift.restore,
]
every_ask = pytest.mark.parametrize("ask", ASKS, ids=["report", "check", "restore"])


@every_ask
def test_a_network_that_is_being_changed_is_left_alone(offline: CloudScope, ask: Ask) -> None:
    for network in (a_network(status=Status.UPDATING, stack_id=STACK_ID), a_network(stack_id=None)):
        with pytest.raises(Conflict) as refused:
            ask(offline, network)
        assert refused.value.code == "network_not_steady"


@every_ask
def test_a_stack_that_was_deleted_outside_egret_is_a_conflict(
    scripted: CloudScope, aws: ScriptedAws, ask: Ask
) -> None:
    aws.answers["DescribeStacks"] = NO_STACK
    with pytest.raises(Conflict) as refused:
        ask(scripted, a_network(stack_id=STACK_ID))
    assert refused.value.code == "stack_gone"
