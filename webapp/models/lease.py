"""A lease: work in the background that is due, and who is doing it.

Times are seconds of the database's clock, so that the clocks of the replicas need not agree.
"""

from typing import Any

from sqlalchemy import Index, false
from sqlmodel import Field, SQLModel

from webapp.models.texts import AWS_ID_MAX, ordered, sized

PROOF = "proof"
"""The noun of what can wait."""


def _can_wait(context: Any) -> bool:
    """Of the row that is being inserted."""
    resource: str = context.get_current_parameters()["resource"]
    return resource.startswith(f"{PROOF}:")


class Lease(SQLModel, table=True):
    """`fence` grows with every claim; a writer whose number is older has lost the claim."""

    __table_args__ = (Index("ix_lease_lane", "can_wait", "due_at"),)

    resource: str = Field(
        sa_type=ordered(AWS_ID_MAX),
        primary_key=True,
        description="network:<id>, function:<id>, region:<name>",
    )
    due_at: float = Field(index=True)
    expires_at: float = 0
    owner: str = Field(
        sa_type=sized(AWS_ID_MAX), default="", description="The process that has it: host:pid"
    )
    fence: int = 0
    taken_over: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="By its last claim, from a process that did not give it back",
    )
    can_wait: bool | None = Field(
        default=None,
        nullable=False,
        sa_column_kwargs={"default": _can_wait, "server_default": false()},
        description="A proof: it has a lane of its own, so that nothing else waits for it",
    )
