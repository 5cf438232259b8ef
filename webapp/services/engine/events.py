"""The events of a row's stack, copied from CloudFormation for pages to show and stream."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import Event
from webapp.models import StackEvent, StackRow
from webapp.services.engine.leases import Work

STACK_TYPE = "AWS::CloudFormation::Stack"
ATTEMPT_SUFFIX = "-again"
"""Ends the token of an operation's second, third … request, before the attempt's number."""
CONSEQUENCES = ("Resource creation cancelled", "The following resource(s) failed")
"""How the reasons of failures begin that only follow from another failure."""

AnyEvent = TypeVar("AnyEvent", StackEvent, Event)


def copy(work: Work, cloud: Cloud, row: StackRow, region: str) -> None:
    """Add the events that are new since the last copy.

    Commits at once: no transaction stays open while AWS is called for the next thing.
    """
    if not row.stack_id:
        return
    known = set(work.session.exec(select(StackEvent.event_id).where(_of(row))).all())
    for event in cloud.stacks.events(region, row.stack_id, known=known):
        work.session.add(_stored(event, row))
    work.commit()


def list_after(session: Session, row: StackRow, event_id: int = 0) -> list[StackEvent]:
    """The row's events that arrived after the one with that id, oldest first."""
    later = select(StackEvent).where(_of(row), col(StackEvent.id) > event_id)
    return list(session.exec(later.order_by(col(StackEvent.id))).all())


def root_cause(session: Session, row: StackRow, operation_id: str = "") -> StackEvent | None:
    """The first failure of the row's current operation, or of the given one, that does not follow
    from another one."""
    failures = select(StackEvent).where(
        _of(row),
        col(StackEvent.operation_id) == (operation_id or row.operation_id),
        col(StackEvent.status).endswith("_FAILED"),
    )
    return first_cause(session.exec(failures.order_by(col(StackEvent.id))).all())


def first_cause(failures: Iterable[AnyEvent]) -> AnyEvent | None:
    """The first of the failures that does not follow from another one."""
    return next((event for event in failures if not event.reason.startswith(CONSEQUENCES)), None)


def count_attempts(session: Session, row: StackRow, status: str, operation_id: str = "") -> int:
    """How often the stack itself has reached `status` in the row's current operation, or in the
    given one."""
    return sum(
        event.status == status
        and event.resource_type == STACK_TYPE
        and event.operation_id == (operation_id or row.operation_id)
        for event in list_after(session, row)
    )


def token_of(row: StackRow) -> str:
    """The ClientRequestToken of the current operation's current attempt."""
    is_retry = row.attempts > 1
    return f"{row.operation_id}{ATTEMPT_SUFFIX}{row.attempts}" if is_retry else row.operation_id


def _of(row: StackRow) -> ColumnElement[bool]:
    return col(StackEvent.owner) == row.owner


def _stored(event: Event, row: StackRow) -> StackEvent:
    return StackEvent(
        owner=row.owner,
        event_id=event.id,
        operation_id=event.token.partition(ATTEMPT_SUFFIX)[0],
        logical_id=event.logical_id,
        physical_id=event.physical_id,
        resource_type=event.resource_type,
        status=event.status,
        reason=event.reason,
        at=event.at,
    )
