"""What is read from the database when somebody asks for the metrics, at most every KEPT_S."""

import time
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from webapp.models import Function, Network, Snapshot, Status, utc_now
from webapp.services.engine import leases

KEPT_S = 10.0
UNDER_WAY = [status for status in Status if not status.settled]


@dataclass(frozen=True)
class Look:
    """`operations`: how many are under way, and the seconds since the first of them began, by noun.
    The age is that of the newest good answer of the function whose is the oldest."""

    operations: dict[str, tuple[int, float]] = field(default_factory=dict)
    overdue_s: float = 0.0
    oldest_answer_s: float | None = None


class Looks:
    """Of one engine, shared by all who ask."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, Lock()
        self._found, self._until_s = Look(), float("-inf")

    def now(self) -> Look:
        """Raises SQLAlchemyError."""
        with self._lock:
            if time.monotonic() >= self._until_s:
                with Session(self._engine) as session:
                    self._found = _look(session)
                self._until_s = time.monotonic() + KEPT_S
            return self._found


def _look(session: Session) -> Look:
    due_in_s = leases.due_in_s(session)
    newest = select(func.max(col(Snapshot.fetched_at)).label("at"))
    each = newest.where(col(Snapshot.ok)).group_by(col(Snapshot.function_id)).subquery()
    oldest = session.exec(select(each.c.at).order_by(each.c.at).limit(1)).first()
    return Look(
        {kind.__name__.lower(): _operations(session, kind) for kind in (Network, Function)},
        max(0.0, -(due_in_s or 0.0)),
        (utc_now() - oldest).total_seconds() if oldest else None,
    )


def _operations(session: Session, kind: type[Network] | type[Function]) -> tuple[int, float]:
    is_under_way = col(kind.status).in_(UNDER_WAY)
    count = session.exec(select(func.count()).select_from(kind).where(is_under_way)).one()
    started = select(col(kind.started_at)).where(is_under_way).order_by(col(kind.started_at))
    first = session.exec(started.limit(1)).first()
    return count, (utc_now() - first).total_seconds() if first else 0.0
