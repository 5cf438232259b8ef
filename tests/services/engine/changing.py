"""An operation that does nothing but change its stack, for tests of what all operations share."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select, update

from tests.services.rows import REGION, a_network
from tests.services.scripted import STACK_ID
from webapp.aws.cloudformation.stacks import Plan
from webapp.errors import EgretError
from webapp.models import Lease, Network, Status
from webapp.scope import CloudScope
from webapp.services.engine import leases
from webapp.services.engine.leases import Work
from webapp.services.engine.operation import Operation

RESOURCES = {"Vpc": "AWS::EC2::VPC", "Subnet": "AWS::EC2::Subnet"}
PLAN = Plan(REGION, "egret-network-net", "{}", parameters={}, tags={}, resources=RESOURCES)


@dataclass
class Change(Operation):
    """An operation whose step fails if it is told so, and otherwise updates the stack."""

    row: Network
    error: EgretError | None = None

    model = Network

    def steps(self) -> Mapping[Status, Callable[[], None]]:
        return {Status.UPDATING: self.step}

    @property
    def region(self) -> str:
        return self.row.region

    def step(self) -> None:
        if self.error:
            self.row.reason = "never committed"
            raise self.error
        stack = self.update_stack(PLAN)
        if stack:
            self.settle_update(stack, reached=Status.READY, back=Status.READY)


def begun(scope: CloudScope, error: EgretError | None = None, **columns: Any) -> Change:
    """A claimed row that is being changed."""
    usual: dict[str, Any] = {"status": Status.UPDATING, "stack_id": STACK_ID}
    row = a_network(**usual | columns)
    scope.session.add(row)
    work = leases.begin(scope.session, row.owner)
    assert work is not None
    return Change(work, row, scope.own, scope.settings, error)


def due_in_s(session: Session) -> float | None:
    """None when nothing is left to do."""
    lease = session.exec(select(Lease)).first()
    return lease.due_at - time.time() if lease else None


def claimed_again(session: Session) -> Work:
    """Once it is due."""
    session.connection().execute(update(Lease).values(due_at=0.0, expires_at=0.0))
    session.commit()
    work = leases.claim(session)
    assert work is not None
    return work
