"""Drift by the API."""

from datetime import datetime

from pydantic import BaseModel

from webapp.aws.drift.difference import Difference
from webapp.deps import Operator, Router, Viewer
from webapp.routes.api.description.answers import ASKS_AWS, DEPENDS_ON_STATE
from webapp.services import networks
from webapp.services.inspection import drift
from webapp.services.inspection.drift import Report

router = Router(prefix="/networks", tags=["drift"])


class DriftedOut(BaseModel):
    """Where it cannot be restored, `by_hand` says what to do."""

    what: str
    resource_id: str
    expected: str
    actual: str
    restorable: bool
    by_hand: str


class StackDriftOut(BaseModel):
    """What CloudFormation's last check found.

    `problem` says what it could not compare, and what to do; empty if nothing.
    """

    status: str
    checked_at: datetime | None
    resources_checked: int
    differences: list[DriftedOut]
    problem: str


class DriftOut(BaseModel):
    """`differences` were found just now; `stack` is CloudFormation's last check."""

    in_sync: bool
    differences: list[DriftedOut]
    stack: StackDriftOut


class RestorationOut(BaseModel):
    restored: list[DriftedOut]
    drift: DriftOut


@router.get(
    "/{name}/drift",
    operation_id="show_drift",
    summary="Show the drift of a network",
    responses=ASKS_AWS | DEPENDS_ON_STATE,
)
def show(ctx: Viewer, name: str) -> DriftOut:
    """Compared now; CloudFormation is not asked to check again."""
    network = networks.get(ctx.session, name)
    return _drift_out(drift.report(ctx.session, ctx.cloud_of(network), network))


@router.post(
    "/{name}/drift",
    operation_id="check_drift",
    summary="Let CloudFormation check the drift of a network",
)
def check(ctx: Operator, name: str) -> DriftOut:
    """Let CloudFormation check its stack too."""
    network = networks.get(ctx.session, name)
    problem = drift.check(ctx.scope, network).problem
    return _drift_out(drift.report(ctx.session, ctx.cloud_of(network), network, problem=problem))


@router.post(
    "/{name}/drift/restoration", operation_id="restore_network", summary="Restore a network"
)
def restore(ctx: Operator, name: str) -> RestorationOut:
    """Restore what can be restored."""
    network = networks.get(ctx.session, name)
    restored = drift.restore(ctx.scope, network)
    report = drift.report(ctx.session, ctx.cloud_of(network), network)
    return RestorationOut(restored=[_difference_out(d) for d in restored], drift=_drift_out(report))


def _drift_out(report: Report) -> DriftOut:
    return DriftOut(
        in_sync=report.in_sync,
        differences=[_difference_out(d) for d in report.differences],
        stack=StackDriftOut(
            status=report.stack_status,
            checked_at=report.stack_checked_at,
            resources_checked=report.stack_resources_checked,
            differences=[_difference_out(d) for d in report.stack_differences],
            problem=report.stack_problem,
        ),
    )


def _difference_out(difference: Difference) -> DriftedOut:
    return DriftedOut(
        what=difference.what,
        resource_id=difference.resource_id,
        expected=difference.expected,
        actual=difference.actual,
        restorable=difference.restore is not None,
        by_hand=difference.by_hand,
    )
