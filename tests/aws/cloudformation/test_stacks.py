"""CloudFormation's statuses fold into four phases."""

import pytest

from webapp.aws.cloudformation.stacks import ROLLED_BACK, STUCK, Phase, Stack


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("CREATE_IN_PROGRESS", Phase.BUSY),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Phase.BUSY),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Phase.BUSY),
        ("DELETE_IN_PROGRESS", Phase.BUSY),
        ("CREATE_COMPLETE", Phase.DONE),
        ("UPDATE_COMPLETE", Phase.DONE),
        (ROLLED_BACK, Phase.DONE),
        ("CREATE_FAILED", Phase.FAILED),
        ("ROLLBACK_COMPLETE", Phase.FAILED),
        ("ROLLBACK_FAILED", Phase.FAILED),
        (STUCK, Phase.FAILED),
        ("DELETE_FAILED", Phase.FAILED),
        ("DELETE_COMPLETE", Phase.GONE),
    ],
)
def test_each_status_has_a_phase(status: str, phase: Phase) -> None:
    assert Stack("arn", "name", status).phase is phase
