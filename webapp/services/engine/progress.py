"""How far a stack operation has come: n of m resources, the time so far, the likely root cause."""

from dataclasses import dataclass
from statistics import median

from sqlmodel import Session, col, select

from webapp.models import StackEvent, StackRow, Status, utc_now
from webapp.services.engine.stacks import STACK_TYPE, root_cause


@dataclass(frozen=True)
class Progress:
    """`typical_s` is how long the same thing took before, here or, the first time, on AWS."""

    done: int
    total: int
    elapsed_s: int
    typical_s: int
    root_cause: StackEvent | None


def progress_of(session: Session, row: StackRow, *, typical_s: int) -> Progress:
    """The progress of the operation that the row is in, or was in last."""
    finished = _finished(session, row)
    end = row.updated_at if row.status.settled else utc_now()
    return Progress(
        done=len(finished),
        total=max(row.resource_count, len(finished)),
        elapsed_s=max(0, int((end - row.started_at).total_seconds())),
        typical_s=_typical_s(session, row) or typical_s,
        root_cause=root_cause(session, row) if row.status is Status.FAILED else None,
    )


def _finished(session: Session, row: StackRow) -> set[str]:
    """Logical ids of the resources that the operation has done with."""
    done = select(StackEvent.logical_id).where(
        col(StackEvent.owner) == row.owner,
        col(StackEvent.operation_id) == row.operation_id,
        col(StackEvent.status).endswith("_COMPLETE"),
        col(StackEvent.resource_type) != STACK_TYPE,
    )
    return set(session.exec(done).all())


def _typical_s(session: Session, row: StackRow) -> int | None:
    kind = type(row)
    took = session.exec(select(kind.took_s).where(col(kind.took_s).is_not(None))).all()
    return round(median(seconds for seconds in took if seconds)) if took else None
