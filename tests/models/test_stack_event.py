"""CloudFormation's twenty statuses in three words."""

import pytest

from webapp.models import StackEvent, utc_now


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("CREATE_IN_PROGRESS", "busy"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "busy"),
        ("CREATE_COMPLETE", "done"),
        ("DELETE_COMPLETE", "done"),
        ("DELETE_FAILED", "failed"),
        ("ROLLBACK_IN_PROGRESS", "failed"),
        ("UPDATE_ROLLBACK_COMPLETE", "failed"),
    ],
)
def test_an_event_is_busy_done_or_failed(status: str, outcome: str) -> None:
    event = StackEvent(
        owner="network:1",
        event_id="1",
        operation_id="1",
        logical_id="Vpc",
        physical_id="vpc-1",
        resource_type="AWS::EC2::VPC",
        status=status,
        at=utc_now(),
    )
    assert event.outcome == outcome
