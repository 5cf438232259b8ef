"""The life of one stack, told in the row's status: what networks and functions have in common.

    requested → creating → ready          failed: retry, or delete
    any → deleting → (the row is gone)

Each function is one step: it reads what AWS says, writes the row, and says when to look again. A
step may be killed between any two lines and run again from the row.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from sqlmodel import Session, col, select
from sqlmodel import delete as sql_delete

from webapp.aws import Cloud
from webapp.aws.cloudformation.stacks import ROLLED_BACK, STUCK, Event, Phase, Plan, Stack
from webapp.aws.errors import goes_on, is_transient, remedy_for_reason
from webapp.errors import EgretError
from webapp.models import Function, Network, StackEvent, StackRow, Status, utc_now
from webapp.models.base import new_id
from webapp.services.engine.leases import Work

Row = TypeVar("Row", Network, Function)

POLL_JITTER = 0.2
STACK_TYPE = "AWS::CloudFormation::Stack"
AGAIN = "-again"
"""Ends the token of an operation's second, third … request, before its number."""
ROLLBACKS_MAX = 3
RETRY_S = 5.0
PAUSE_S = 15.0
"""Between two looks whether somebody has mended credentials, a permission or the clock."""
ATTEMPTED = (Status.REQUESTED, Status.CREATING, Status.DELETING)
"""Whoever asks for another attempt in these has it already."""
FOLLOWS_WITHIN = timedelta(seconds=30)
"""A network's proof follows its being ready, a function's first answer that of the function."""
UNMADE = "Read the reason, mend it, then try again; or delete it."
UNDELETED = "Mend what stands in the way, then delete it again."
STACK_VANISHED = "The stack was deleted outside Egret."


def is_fresh(row: StackRow) -> bool:
    """Whether it has become ready so lately that what follows may be still to come."""
    return row.status is Status.READY and utc_now() - row.updated_at < FOLLOWS_WITHIN


def poll_again(work: Work, cloud: Cloud) -> None:
    """Look again soon; not all at once, after a restart with many stacks."""
    jitter = random.uniform(1 - POLL_JITTER, 1 + POLL_JITTER)  # noqa: S311 - no secret
    work.again(in_s=cloud.poll_s * jitter)


def request(row: StackRow, status: Status) -> None:
    """Set a new intent on the row: another operation with a token of its own."""
    row.status = status
    row.unwanted = row.unwanted and status is Status.DELETING
    row.reason = row.remedy = ""
    row.operation_id = new_id()
    row.attempts = 1
    row.attempts_max = 0
    row.retain = []
    row.started_at = row.updated_at = utc_now()


def start(work: Work, cloud: Cloud, row: StackRow, plan: Plan) -> None:
    """requested → creating. What a failed attempt of ours left is deleted first.

    A stack that is stuck in the middle of a rollback is no such thing: it is helped on.
    """
    left = cloud.stacks.describe(plan.region, row.stack_id) if row.stack_id else None
    if left and left.status == STUCK:
        cloud.stacks.continue_rollback(plan.region, left.id, token=token_of(row))
        row.status = Status.CREATING
    elif left and left.phase is Phase.FAILED:
        cloud.stacks.delete(plan.region, left.id, token=f"{row.operation_id}-clear")
    elif not left or left.phase is Phase.GONE:
        row.stack_id, row.creation_id = None, row.operation_id
        work.commit()
        row.stack_id = cloud.stacks.create(plan, token=row.operation_id)
        row.status, row.resource_count = Status.CREATING, plan.resource_count
    elif left.phase is Phase.DONE:
        row.status = Status.CREATING
    poll_again(work, cloud)


def follow(work: Work, cloud: Cloud, row: StackRow, region: str) -> Stack | None:
    """Copy new events; gives the stack once it is no longer busy, None while it is."""
    assert row.stack_id  # noqa: S101 - a row that is being created has one
    stack = cloud.stacks.describe(region, row.stack_id)
    copy_events(work, cloud, row, region)
    if stack is None:
        return Stack(id=row.stack_id, name="", status="DELETE_COMPLETE", reason=STACK_VANISHED)
    if stack.phase is Phase.BUSY:
        poll_again(work, cloud)
        return None
    return stack


def change(work: Work, cloud: Cloud, row: StackRow, plan: Plan) -> Stack | None:
    """Bring the stack to `plan`; gives the stack once this operation is over, None before."""
    assert row.stack_id  # noqa: S101 - only a row that was made is changed
    stack = cloud.stacks.describe(plan.region, row.stack_id)
    copy_events(work, cloud, row, plan.region)
    if stack is None:
        return Stack(id=row.stack_id, name="", status="DELETE_COMPLETE", reason=STACK_VANISHED)
    if stack.status == STUCK:
        return _help_on(work, cloud, row, stack, plan.region)
    busy = stack.phase is Phase.BUSY
    begun = any(event.operation_id == row.operation_id for event in events(work.session, row))
    if not busy and not begun:
        busy = cloud.stacks.update(plan, stack.id, token=row.operation_id)
    row.resource_count = plan.resource_count
    if not busy:
        return stack
    poll_again(work, cloud)
    return None


def _help_on(work: Work, cloud: Cloud, row: StackRow, stack: Stack, region: str) -> Stack | None:
    """Continue a rollback that failed, a few times; then it is the person's turn."""
    if failed_attempts(work.session, row, STUCK) >= row.attempts:
        if row.attempts > ROLLBACKS_MAX:
            return stack
        row.attempts += 1
        row.reason = f"AWS could not put everything back; this is attempt {row.attempts}."
        work.again(in_s=RETRY_S)
        return None
    cloud.stacks.continue_rollback(region, stack.id, token=token_of(row))
    poll_again(work, cloud)
    return None


def settle_change(
    work: Work, row: StackRow, stack: Stack, region: str, *, reached: Status, back: Status
) -> None:
    """parking → parked, say; or back to what it was, with the reason, when AWS rolled it back."""
    if stack.status == ROLLED_BACK:
        row.status, row.updated_at = back, utc_now()
        row.reason = _why(work.session, row, stack)
        row.remedy = "AWS put everything back as it was. Read the reason, mend it, then try again."
        work.finish()
    else:
        settle(work, row, stack, region, reached=reached)


def settle(
    work: Work,
    row: StackRow,
    stack: Stack,
    region: str,
    *,
    reached: Status = Status.READY,
    tell: Callable[[str], str] = str,
) -> None:
    """creating → ready or failed, with the root cause as the reason; `tell` may add to that."""
    if stack.phase is Phase.DONE:
        if row.status is Status.CREATING:
            row.took_s = (utc_now() - row.started_at).total_seconds()
        row.status, row.outputs, row.updated_at = reached, stack.outputs, utc_now()
        row.reason = row.remedy = ""
    else:
        reason = _why(work.session, row, stack)
        fail(row, tell(reason), remedy_for_reason(reason, region))
    work.finish()


def _why(session: Session, row: StackRow, stack: Stack) -> str:
    cause = root_cause(session, row)
    return f"{cause.logical_id}: {cause.reason}" if cause else stack.reason or stack.status


def token_of(row: StackRow) -> str:
    """The ClientRequestToken of the operation's next request."""
    return f"{row.operation_id}{AGAIN}{row.attempts}" if row.attempts > 1 else row.operation_id


def failed_attempts(session: Session, row: StackRow, status: str) -> int:
    """How often the stack itself has come to `status` in the running operation."""
    return sum(
        event.status == status
        and event.resource_type == STACK_TYPE
        and event.operation_id == row.operation_id
        for event in events(session, row)
    )


def fail(row: StackRow, reason: str, remedy: str = "") -> None:
    row.status, row.updated_at = Status.FAILED, utc_now()
    row.reason = reason
    row.remedy = remedy or (UNDELETED if row.unwanted else UNMADE)


def stumble(work: Work, row: StackRow, error: EgretError) -> None:
    """What to do with an error in the middle of a step: wait for what passes, else fail.

    Credentials that expire half way are no failure: the operation pauses, and says for what.
    """
    if goes_on(error):
        row.reason, row.remedy = error.detail, error.remedy
        work.again(in_s=RETRY_S if is_transient(error) else PAUSE_S)
    else:
        fail(row, error.detail, error.remedy)
        work.finish()


def root_cause(session: Session, row: StackRow) -> StackEvent | None:
    """The first failure of the running operation that is not the echo of another one."""
    failures = select(StackEvent).where(
        col(StackEvent.owner) == row.owner,
        col(StackEvent.operation_id) == row.operation_id,
        col(StackEvent.status).endswith("_FAILED"),
    )
    found = session.exec(failures.order_by(col(StackEvent.id))).all()
    echoes = ("Resource creation cancelled", "The following resource(s) failed")
    return next((event for event in found if not event.reason.startswith(echoes)), None)


def events(session: Session, row: StackRow, *, after: int = 0) -> list[StackEvent]:
    """The row's events that came after the one with the id `after`, oldest first."""
    mine = select(StackEvent).where(col(StackEvent.owner) == row.owner, col(StackEvent.id) > after)
    return list(session.exec(mine.order_by(col(StackEvent.id))).all())


def step(
    model: type[Row], steps: Mapping[Status, Callable[[Work, Row], None]]
) -> Callable[[Work], None]:
    """The step for a due row of `model`: the one of its status, with errors written to the row."""

    def run(work: Work) -> None:
        row = work.session.get(model, work.row_id)
        if row is None or row.status not in steps:
            work.finish()
            return
        try:
            steps[row.status](work, row)
        except EgretError as error:
            work.session.rollback()
            work.session.refresh(row)
            stumble(work, row, error)

    return run


def forget(session: Session, row: StackRow) -> None:
    """Delete the row and its events; its stack is gone."""
    session.connection().execute(sql_delete(StackEvent).where(col(StackEvent.owner) == row.owner))
    session.delete(row)


def copy_events(work: Work, cloud: Cloud, row: StackRow, region: str) -> None:
    """Committed at once: nothing in the database is held while AWS is asked for the next thing."""
    assert row.stack_id  # noqa: S101 - the callers have looked
    mine = select(StackEvent.event_id).where(StackEvent.owner == row.owner)
    known = set(work.session.exec(mine).all())
    for event in cloud.stacks.events(region, row.stack_id, known=known):
        work.session.add(_row_of(event, row))
    work.commit()


def _row_of(event: Event, row: StackRow) -> StackEvent:
    at: datetime = event.at
    return StackEvent(
        owner=row.owner,
        event_id=event.id,
        operation_id=event.token.partition(AGAIN)[0],
        logical_id=event.logical_id,
        physical_id=event.physical_id,
        resource_type=event.resource_type,
        status=event.status,
        reason=event.reason,
        at=at,
    )
