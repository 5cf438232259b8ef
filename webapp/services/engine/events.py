"""The events of a row's stack, copied from CloudFormation for pages to show and stream; and what
they tell: the root cause of a failure, and what AWS waits for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.aws.answers import Answer, Kind, understand
from webapp.aws.cloudformation.stacks import Event, Phase, Stack
from webapp.database.queries import Query
from webapp.models import StackEvent, StackRow, utc_now
from webapp.services.engine.leases import Work

STACK_TYPE = "AWS::CloudFormation::Stack"
ATTEMPT_SUFFIX = "-again"
"""Ends the token of an operation's second, third … request, before the attempt's number."""
ANY_REGION = "us-east-1"
"""Of what is asked for its kind alone; only the links in the advice depend on the region."""

QUIET = timedelta(minutes=5)
SHOWN_MAX = 200
"""Events on a page; the API has all of them."""

_OF_OWNER = col(StackEvent.owner) == bindparam("owner")
_LAST = Query(
    select(StackEvent.id, StackEvent.event_id)
    .where(_OF_OWNER)
    .order_by(col(StackEvent.id).desc())
    .limit(1)
)

AnyEvent = TypeVar("AnyEvent", StackEvent, Event)


class Newest(NamedTuple):
    """Which event of a row arrived last, by its id here and in AWS."""

    id: int
    event_id: str


@dataclass(frozen=True)
class Failure:
    """Why an operation failed: AWS's words after the resource's name, and what they mean."""

    reason: str
    answer: Answer


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


def of_each(session: Session, rows: Sequence[StackRow]) -> defaultdict[str, list[StackEvent]]:
    """The events of each row by its `owner`, oldest first."""
    found = defaultdict[str, list[StackEvent]](list)
    if not rows:
        return found
    theirs = select(StackEvent).where(col(StackEvent.owner).in_([row.owner for row in rows]))
    for event in session.exec(theirs.order_by(col(StackEvent.id))):
        found[event.owner].append(event)
    return found


def newest(session: Session, row: StackRow, *, most: int, up_to: int) -> list[StackEvent]:
    """The row's last events up to the one with that id, newest first."""
    found = select(StackEvent).where(_of(row), col(StackEvent.id) <= up_to)
    return list(session.exec(found.order_by(col(StackEvent.id).desc()).limit(most)).all())


def newest_of(session: Session, row: StackRow) -> Newest | None:
    """The row's last event."""
    found = _LAST.rows(session, owner=row.owner)
    return Newest(*found[0]) if found else None


def busy_stack(session: Session, row: StackRow) -> Stack | None:
    """The row's stack as its own last event shows it, if that says that it is busy.

    So most polls need no description of it; but for one without news for QUIET, there has to be
    one.
    """
    own = (col(StackEvent.resource_type) == STACK_TYPE, StackEvent.physical_id == row.stack_id)
    newest_first = select(StackEvent).where(_of(row), *own).order_by(col(StackEvent.id).desc())
    last = session.exec(newest_first.limit(1)).first()
    if last is None or last.at < utc_now() - QUIET:
        return None
    seen = Stack(last.physical_id, name="", status=last.status, reason=last.reason)
    return seen if seen.phase is Phase.BUSY else None


def root_cause(session: Session, row: StackRow, operation_id: str = "") -> StackEvent | None:
    """The first failure of the row's current operation, or of the given one, that does not only
    echo another one."""
    failures = select(StackEvent).where(
        _of(row),
        col(StackEvent.operation_id) == (operation_id or row.operation_id),
        col(StackEvent.status).endswith("_FAILED") | _gave_up(),
    )
    found = session.exec(failures.order_by(col(StackEvent.id))).all()
    return first_cause(_of_last_deletion(found)) or first_cause(found)


def first_cause(failures: Iterable[AnyEvent]) -> AnyEvent | None:
    """The first of the failures that does not follow from another one."""
    return next((event for event in failures if _kind(event) is not Kind.ECHO), None)


def failure_of(
    session: Session, row: StackRow, stack: Stack, region: str, operation_id: str = ""
) -> Failure:
    """The root cause with what it means; the stack's own reason where no event gives one.

    The stack's may have more than its event's: see `cloudformation.validation`.
    """
    cause, of_stack = root_cause(session, row, operation_id), stack.reason or stack.status
    if cause is None or cause.resource_type == STACK_TYPE:
        said = of_stack if cause is None or cause.reason in of_stack else cause.reason
        return Failure(said, understand(said, region))
    said = cause.reason or of_stack
    answer = understand(said, region, resource_type=cause.resource_type)
    return Failure(f"{cause.logical_id}: {said}", answer)


def waiting_for(session: Session, row: StackRow) -> str:
    """What CloudFormation waits for in the row's current operation; '' if for nothing."""
    newest = {
        event.logical_id: event
        for event in list_after(session, row)
        if event.operation_id == row.operation_id and event.resource_type != STACK_TYPE
    }
    waiting = {id: event for id, event in newest.items() if _kind(event) is Kind.WAITING}
    if not waiting:
        return ""
    answer = understand(next(iter(waiting.values())).reason, ANY_REGION)
    return f"{', '.join(waiting)}: {answer.remedy()}"


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


def clearing_of(row: StackRow) -> str:
    """The operation id of the requests that delete what the last attempt of a creation left."""
    return f"{row.operation_id}-clear"


def _of_last_deletion(failures: Sequence[StackEvent]) -> Sequence[StackEvent]:
    """What failed in the last attempt: what held up an earlier one may be gone."""
    ends = [
        number
        for number, event in enumerate(failures, start=1)
        if event.resource_type == STACK_TYPE and event.status == "DELETE_FAILED"
    ]
    last = failures[ends[-2] :] if len(ends) > 1 else failures
    return [event for event in last if event.resource_type != STACK_TYPE]


def _kind(event: StackEvent | Event) -> Kind:
    return understand(event.reason, ANY_REGION).kind


def _gave_up() -> ColumnElement[bool]:
    """The stack itself begins to roll back and says why, for instance because of its time-out."""
    return col(StackEvent.status).endswith("ROLLBACK_IN_PROGRESS") & (col(StackEvent.reason) != "")


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
