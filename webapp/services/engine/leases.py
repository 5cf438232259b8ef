"""Work in the background, shared by any number of replicas through one table.

What must be done is a row; one statement claims it; the claim's number (the fence) goes with every
commit, so that a process that slept through its lease cannot write over its successor's work.
All times are the database's clock.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Executable, and_, update
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, delete, select

from webapp.db import insert_into, now_s
from webapp.models import Lease

LEASE_S = 60.0
"""How long a killed process's work waits for another one, unless the settings say otherwise."""
OWNER = f"{socket.gethostname()}:{os.getpid()}"


class LeaseLost(Exception):
    """Somebody else has claimed the row since: what was to be written is void."""


@dataclass
class Work:
    """A claimed row. `commit` writes only while the claim holds."""

    session: Session
    resource: str
    fence: int
    due_at: float
    lease_s: float = LEASE_S

    @property
    def noun(self) -> str:
        return self.resource.partition(":")[0]

    @property
    def row_id(self) -> str:
        return self.resource.partition(":")[2]

    def commit(self) -> None:
        """Commit what the session holds, and extend the lease. Raises LeaseLost."""
        self._settle(expires_at=now_s() + self.lease_s)

    def again(self, *, in_s: float) -> None:
        """Commit, and let the row be claimed again in `in_s` seconds."""
        self._settle(expires_at=0.0, due_at=now_s() + in_s)

    def finish(self) -> None:
        """Commit: there is nothing more to do, unless it was scheduled again meanwhile."""
        unchanged = col(Lease.due_at) == self.due_at
        self._fenced(delete(Lease).where(self._mine(), unchanged))

    def _settle(self, **values: object) -> None:
        self._fenced(update(Lease).where(self._mine()).values(**values))

    def _fenced(self, statement: Executable) -> None:
        if self.session.connection().execute(statement).rowcount == 0:
            self.session.rollback()
            raise LeaseLost(self.resource)
        self.session.commit()

    def _mine(self) -> ColumnElement[bool]:
        return and_(col(Lease.resource) == self.resource, col(Lease.fence) == self.fence)


Step = Callable[[Work], None]


def begin(session: Session, resource: str, *, lease_s: float = LEASE_S) -> Work | None:
    """Commit what the session holds as an intent, and claim its row in the same transaction.

    None when another process is at the row just now: then it is due again as soon as that is done.
    """
    connection = session.connection()
    mine = {"due_at": now_s(), "owner": OWNER, "expires_at": now_s() + lease_s}
    claimed = connection.execute(
        insert_into(connection, Lease)
        .values(resource=resource, fence=1, **mine)
        .on_conflict_do_update(
            index_elements=["resource"],
            set_=mine | {"fence": Lease.fence + 1},
            where=col(Lease.expires_at) <= now_s(),
        )
        .returning(col(Lease.resource), col(Lease.fence), col(Lease.due_at))
    )
    found = claimed.first()
    if found is None:
        again = update(Lease).where(col(Lease.resource) == resource).values(due_at=now_s())
        connection.execute(again)
    session.commit()
    return _work(session, found, lease_s)


def schedule(session: Session, resource: str) -> None:
    """Make the row due now, unless there is one already. The caller commits."""
    connection = session.connection()
    row = insert_into(connection, Lease).values(
        resource=resource, due_at=now_s(), expires_at=0, owner="", fence=0
    )
    connection.execute(row.on_conflict_do_nothing(index_elements=["resource"]))


def claim(session: Session, *, lease_s: float = LEASE_S) -> Work | None:
    """The row that is due longest, or None."""
    due = (
        select(Lease.resource)
        .where(col(Lease.due_at) <= now_s(), col(Lease.expires_at) <= now_s())
        .order_by(col(Lease.due_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claimed = session.connection().execute(
        update(Lease)
        .where(col(Lease.resource) == due.scalar_subquery())
        .values(owner=OWNER, fence=Lease.fence + 1, expires_at=now_s() + lease_s)
        .returning(col(Lease.resource), col(Lease.fence), col(Lease.due_at))
    )
    found = claimed.first()
    session.commit()
    return _work(session, found, lease_s)


def attempt(work: Work, step: Step) -> None:
    """Run one step. When the row changed under it, it is void and soon run again."""
    try:
        step(work)
    except (LeaseLost, StaleDataError):
        work.session.rollback()
        _release(work)


def _work(session: Session, found: Any, lease_s: float) -> Work | None:
    """`found`: the claimed row's resource, fence and due time, or None."""
    if found is None:
        return None
    resource, fence, due_at = found
    return Work(session, resource, fence, due_at, lease_s)


def _release(work: Work) -> None:
    """Let the row be claimed again at once, if the claim is still ours."""
    with suppress(LeaseLost):
        work.again(in_s=0)


def run_one(engine: Engine, steps: dict[str, Step], *, lease_s: float = LEASE_S) -> bool:
    """Claim one row that is due and run its noun's step. False when nothing is due."""
    with Session(engine, expire_on_commit=False) as session:
        work = claim(session, lease_s=lease_s)
        if work is None:
            return False
        attempt(work, steps[work.noun])
        return True
