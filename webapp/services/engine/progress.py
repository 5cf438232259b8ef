"""The progress of a stack operation: n of m resources, the time so far, the likely root cause."""

import random
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlmodel import Session, col, func, select

from webapp.aws.cloudformation.stacks import Stack
from webapp.models import StackEvent, StackRow, Status, utc_now
from webapp.services.engine.events import STACK_TYPE, root_cause, waiting_for

RESULT_WITHIN = timedelta(seconds=30)
"""A network's first proof, or a function's first answer, follows its creation within this time."""
TYPICAL_OF = 100
"""What the newest creations took is typical."""
POLL_JITTER = 0.2
FEW = 3
PART_FOR_FEW, PART_FOR_NONE = 0.35, 0.15
"""Of a poll interval: when so few resources are left, or none, the stack is soon done."""
FEW_WITHIN, NONE_WITHIN = timedelta(minutes=1), timedelta(seconds=10)
"""After the last event; else it takes longer than usual."""
DOUBLE_AFTER, PARTS_MAX = timedelta(seconds=10), 2.0
"""Since the last event. A NAT gateway takes a minute or two, and nothing else happens meanwhile."""
UNDOES = "AWS is taking back what it made"
THEN_DECIDE = "After that, this page says what to do."


@dataclass(frozen=True)
class Progress:
    """`typical_s`: how long creations took in this installation, or usually take on AWS."""

    done: int
    total: int
    elapsed_s: int
    typical_s: int
    root_cause: StackEvent | None


def progress_of(session: Session, row: StackRow, *, typical_s: int) -> Progress:
    """The progress of the row's current or last operation."""
    finished = _finished(session, row)
    end = row.updated_at if row.status.settled else utc_now()
    return Progress(
        done=len(finished),
        total=max(row.resource_count, len(finished)),
        elapsed_s=max(0, int((end - row.started_at).total_seconds())),
        typical_s=_typical_s(session, row) or typical_s,
        root_cause=root_cause(session, row) if row.status is Status.FAILED else None,
    )


def tell_meanwhile(session: Session, row: StackRow, stack: Stack) -> None:
    """Write into the row why AWS undoes the operation, and what it waits for, which may be long."""
    waiting = waiting_for(session, row)
    if "ROLLBACK" in stack.status:
        cause = root_cause(session, row)
        because = f", because {cause.logical_id} failed: {cause.reason}" if cause else ""
        row.reason = f"{UNDOES}{because}".removesuffix(".") + "."
        row.remedy = f"{waiting} {THEN_DECIDE}".strip()
    elif waiting:
        row.reason, row.remedy = waiting, ""


def is_just_ready(row: StackRow) -> bool:
    """Whether the row became ready so recently that its first result may still be coming."""
    return row.status is Status.READY and utc_now() - row.updated_at < RESULT_WITHIN


def poll_in_s(session: Session, row: StackRow, poll_s: float) -> float:
    """When to look at the stack again: sooner when little is left to be made, or nothing but the
    stack itself; later while nothing happens; with jitter, as many rows start together."""
    jitter = random.uniform(1 - POLL_JITTER, 1 + POLL_JITTER)  # noqa: S311 - no secret
    return poll_s * _part(session, row) * jitter


def _part(session: Session, row: StackRow) -> float:
    """Of the interval. A deletion, and what has brought no news for a while, may still take very
    long."""
    newest = select(func.max(StackEvent.at)).where(StackEvent.owner == row.owner)
    now, last_news = utc_now(), session.exec(newest).one()
    left = row.resource_count - len(_finished(session, row))
    if last_news and row.resource_count and row.status is not Status.DELETING:
        if left <= 0 and now - last_news < NONE_WITHIN:
            return PART_FOR_NONE
        if 0 < left <= FEW and now - last_news < FEW_WITHIN:
            return PART_FOR_FEW
    quiet = now - max(row.started_at, last_news or row.started_at)
    return min(1 + max(quiet, timedelta()) / DOUBLE_AFTER, PARTS_MAX)


def _finished(session: Session, row: StackRow) -> set[str]:
    """Logical ids of the resources that the operation has finished."""
    done = select(StackEvent.logical_id).where(
        col(StackEvent.owner) == row.owner,
        col(StackEvent.operation_id) == row.operation_id,
        col(StackEvent.status).endswith("_COMPLETE"),
        col(StackEvent.resource_type) != STACK_TYPE,
    )
    return set(session.exec(done).all())


def _typical_s(session: Session, row: StackRow) -> int | None:
    kind = type(row)
    newest = select(kind.took_s).order_by(col(kind.created_at).desc()).limit(TYPICAL_OF)
    took = [seconds for seconds in session.exec(newest) if seconds]
    return round(median(took)) if took else None
