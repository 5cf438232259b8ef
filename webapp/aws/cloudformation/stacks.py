"""What Egret tells CloudFormation about a stack (a plan), and what CloudFormation tells back.

CloudFormation's twenty-odd statuses fold into four phases.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

UPDATED = "UPDATE_COMPLETE"
ROLLED_BACK = "UPDATE_ROLLBACK_COMPLETE"
"""An update failed and was undone: the stack works as before, so its phase is DONE."""
STUCK = "UPDATE_ROLLBACK_FAILED"
"""An update failed, and undoing it failed too. The stack accepts nothing but ContinueUpdateRollback
and DeleteStack."""


class Phase(StrEnum):
    BUSY = "busy"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True)
class Stack:
    """`status` is CloudFormation's own."""

    id: str
    name: str
    status: str
    reason: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def phase(self) -> Phase:
        """ROLLBACK_COMPLETE is FAILED: a creation was undone, and the stack can only be deleted."""
        if self.status == "DELETE_COMPLETE":
            return Phase.GONE
        if self.status in ("CREATE_COMPLETE", UPDATED, ROLLED_BACK):
            return Phase.DONE
        return Phase.BUSY if self.status.endswith("_IN_PROGRESS") else Phase.FAILED


@dataclass(frozen=True)
class Event:
    """One line of DescribeStackEvents. `token` is that of the request which caused it."""

    id: str
    token: str
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Plan:
    """Everything that CloudFormation needs to make a stack.

    `resources` is what it will make, logical id → type: known before CloudFormation is asked.
    """

    region: str
    name: str
    body: str
    parameters: dict[str, str]
    tags: dict[str, str]
    resources: dict[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def resource_count(self) -> int:
        return len(self.resources)
