"""Background work, shared by any number of replicas through one table.

A row of the table is work that is due. One statement claims it and gives it a number, the fence,
which is checked in every later commit: a process that slept through its lease cannot overwrite what
its successor has done. All times are the database's clock, so the replicas' clocks do not matter.

Who waits for work sleeps until the next row is due (`due_in_s`). What this process makes due wakes
it (`wake`), when it is committed. What another process makes due, that one does, unless it is
killed: so it is enough to look for such rows now and then.
"""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from typing import Any
from weakref import WeakSet

from sqlalchemy import ColumnElement, Engine, Executable, and_, bindparam, event, true, update
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from webapp import logs
from webapp.db import insert_into, now_s
from webapp.models import Lease
from webapp.telemetry import counts, spans

LEASE_S = 60.0
"""How long a killed process's work waits for another process, by default."""
OWNER = f"{socket.gethostname()}:{os.getpid()}"
MADE_DUE = "made due"
"""The mark of a session that has made a row due, until it commits."""

CLAIMED = col(Lease.resource), col(Lease.fence), col(Lease.due_at), col(Lease.taken_over)
"""What a claim gives back."""

ALL = true()
CAN_WAIT: ColumnElement[bool] = col(Lease.can_wait).is_(True)
CANNOT_WAIT: ColumnElement[bool] = col(Lease.can_wait).is_(False)
"""The rows of each lane are beside each other in an index: those of the other are not read."""

# Made once, as they run for each step: to make one takes longer than to run it.
_MINE = and_(col(Lease.resource) == bindparam("mine"), col(Lease.fence) == bindparam("my_fence"))
_EXTEND = update(Lease).where(_MINE).values(expires_at=now_s() + bindparam("lease_s"))
_GIVE_BACK = (
    update(Lease).where(_MINE).values(expires_at=0.0, due_at=now_s() + bindparam("again_in_s"))
)
_FINISH = delete(Lease).where(_MINE, col(Lease.due_at) == bindparam("was_due_at"))

LANES_MAX = 8
"""For so many conditions the statements are kept: who asks again and again passes the same one."""
_sleepers: WeakSet[Event] = WeakSet()


class LeaseLost(Exception):
    """The claim no longer holds, or the row was made due again; nothing was written."""


@dataclass
class Work:
    """A claimed row, such as `network:<id>`. Its commits succeed only while the claim holds."""

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
        """Commit the session, and extend the lease. Raises LeaseLost."""
        self._fenced(_EXTEND, lease_s=self.lease_s)

    def run_again(self, *, in_s: float) -> None:
        """Commit the session, and make the row due again in `in_s` seconds. Raises LeaseLost."""
        self.session.info[MADE_DUE] = True
        self._fenced(_GIVE_BACK, again_in_s=in_s)

    def finish(self) -> None:
        """Commit the session; nothing is left to do unless the row was made due again meanwhile.

        In that case raises LeaseLost, and the row is handled once more.
        """
        self._fenced(_FINISH, was_due_at=self.due_at)

    def _fenced(self, statement: Executable, **values: float) -> None:
        of = {"mine": self.resource, "my_fence": self.fence, **values}
        if self.session.connection().execute(statement, of).rowcount == 0:
            self.session.rollback()
            raise LeaseLost(self.resource)
        self.session.commit()


Handler = Callable[[Work], None]
"""Takes one step with a claimed row, and gives the lease back: `run_again` or `finish`."""


def begin(session: Session, resource: str, *, lease_s: float = LEASE_S) -> Work | None:
    """Commit the session as an intent, and claim its row in the same transaction.

    None while another process holds the row: it is then due again as soon as that one is done.
    """
    found = _claim_now(session, resource, lease_s)
    if found is None:  # the holder's `finish` will see that it is due again
        leave(session, resource)
        return None
    session.commit()
    return _work(session, found, lease_s)


def begin_or_leave(session: Session, resource: str, *, lease_s: float = LEASE_S) -> Work | None:
    """The same; but while others of its kind are under way, the row waits for the background."""
    others = of(resource.partition(":")[0]) & (col(Lease.resource) != resource)
    if session.exec(select(Lease.resource).where(others).limit(1)).first() is None:
        return begin(session, resource, lease_s=lease_s)
    leave(session, resource)
    return None


def leave(session: Session, resource: str) -> None:
    """Commit the session as an intent, and leave its row to the background, now."""
    make_due(session, resource)
    again = update(Lease).where(col(Lease.resource) == resource).values(due_at=now_s())
    session.connection().execute(again)
    session.commit()


def take(session: Session, resource: str, *, lease_s: float = LEASE_S) -> Work | None:
    """Claim this row, for what must not be done twice at once; None while another process has it.

    Commits the session.
    """
    found = _claim_now(session, resource, lease_s)
    session.commit()
    return _work(session, found, lease_s)


def make_due(session: Session, resource: str) -> None:
    """Make the row due now, unless it is in the table already. The caller commits."""
    make_due_in(session, {resource: 0.0})


def make_due_in(session: Session, resources: Mapping[str, float]) -> None:
    """Make each row due in so many seconds, unless it is in the table already. The caller
    commits."""
    if not resources:
        return
    session.info[MADE_DUE] = True
    connection, due_at = session.connection(), now_s() + bindparam("in_s")
    row = insert_into(connection, Lease).values(due_at=due_at, expires_at=0, owner="", fence=0)
    each = [{"resource": resource, "in_s": in_s} for resource, in_s in resources.items()]
    connection.execute(row.on_conflict_do_nothing(index_elements=["resource"]), each)


def of(noun: str) -> ColumnElement[bool]:
    """The rows that are about this: a range of the index."""
    after = chr(ord(":") + 1)
    return (col(Lease.resource) > f"{noun}:") & (col(Lease.resource) < f"{noun}{after}")


def due_in_s(session: Session, those: ColumnElement[bool] = ALL) -> float | None:
    """Seconds until the first of the rows is due that nobody has claimed; 0 or less if one is.

    None without any. One reading along the index of the times, past the few that are claimed.
    """
    return session.exec(_first_free(those)).first()


def claim(
    session: Session, *, lease_s: float = LEASE_S, those: ColumnElement[bool] = ALL
) -> Work | None:
    """Claim the row that has been due longest. None when nothing is due."""
    found = session.connection().execute(_claiming(those), {"lease_s": lease_s}).first()
    session.commit()
    return _work(session, found, lease_s)


def run(work: Work, handler: Handler) -> None:
    """Handle the claimed row. If the row or the claim changed meanwhile, it is soon run again."""
    try:
        with spans.step(work.noun):
            handler(work)
    except (LeaseLost, StaleDataError):
        work.session.rollback()
        with suppress(LeaseLost):
            work.run_again(in_s=0)


def run_one(
    engine: Engine,
    handlers: Mapping[str, Handler],
    *,
    lease_s: float = LEASE_S,
    those: ColumnElement[bool] = ALL,
) -> bool:
    """Claim one row that is due, and run the handler of its noun. False when nothing is due."""
    with Session(engine, expire_on_commit=False) as session:
        work = claim(session, lease_s=lease_s, those=those)
        if work is None:
            return False
        logs.note(operation=work.resource)
        wake()  # there may be more for others
        run(work, handlers[work.noun])
        return True


def wake() -> None:
    """Wake everybody in this process who sleeps until something is due."""
    for sleeper in list(_sleepers):
        sleeper.set()


def sleeper() -> Event:
    """Set whenever this process has made something due. It is forgotten with its last owner."""
    made = Event()
    _sleepers.add(made)
    return made


@lru_cache(maxsize=LANES_MAX)
def _first_free(those: ColumnElement[bool]) -> SelectOfScalar[float]:
    free = select(col(Lease.due_at) - now_s()).where(col(Lease.expires_at) <= now_s(), those)
    return free.order_by(col(Lease.due_at)).limit(1)


@lru_cache(maxsize=LANES_MAX)
def _claiming(those: ColumnElement[bool]) -> Executable:
    due = (
        select(Lease.resource)
        .where(col(Lease.due_at) <= now_s(), col(Lease.expires_at) <= now_s(), those)
        .order_by(col(Lease.due_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (
        update(Lease)
        .where(col(Lease.resource) == due.scalar_subquery())
        .values(
            owner=OWNER,
            fence=Lease.fence + 1,
            taken_over=col(Lease.expires_at) > 0,  # who gives it back sets it to 0
            expires_at=now_s() + bindparam("lease_s"),
        )
        .returning(*CLAIMED)
    )


def _claim_now(session: Session, resource: str, lease_s: float) -> Any:
    """The row's CLAIMED, or None while another process has it."""
    connection = session.connection()
    mine = {"due_at": now_s(), "owner": OWNER, "expires_at": now_s() + lease_s}
    claimed = connection.execute(
        insert_into(connection, Lease)
        .values(resource=resource, fence=1, **mine)
        .on_conflict_do_update(
            index_elements=["resource"],
            set_=mine | {"fence": Lease.fence + 1, "taken_over": col(Lease.expires_at) > 0},
            where=col(Lease.expires_at) <= now_s(),
        )
        .returning(*CLAIMED)
    )
    return claimed.first()


def _work(session: Session, claimed: Any, lease_s: float) -> Work | None:
    """`claimed`: the row's CLAIMED, or None."""
    if claimed is None:
        return None
    resource, fence, due_at, taken_over = claimed
    if taken_over:
        counts.TAKEOVERS.add(resource.partition(":")[0])
    return Work(session, resource, fence, due_at, lease_s)


def _wake_if_made_due(session: Session) -> None:
    if session.info.pop(MADE_DUE, False):
        wake()


event.listen(Session, "after_commit", _wake_if_made_due)
