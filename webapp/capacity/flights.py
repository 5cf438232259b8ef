"""One flight for all who want to go: what is under way is waited for, and not begun again.

In a process, those who come later get the result of the one that is under way, or its error. Across
replicas a lease keeps others from beginning; they look for the result where it is stored.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from webapp.capacity.coming import came_s_ago
from webapp.capacity.outside import outside
from webapp.db import give_back, now_s
from webapp.services.engine import leases
from webapp.services.engine.leases import LeaseLost, Work

NOUN = "flight"
LEASE_S = 75.0
"""Longer than a function is waited for (`webapp.aws.clients`)."""
LOOK_EVERY_S = 0.2


class Flights:
    """Those that are under way in this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[str, Future[str]] = {}
        self.waiting = 0
        """How many wait for one that another thread of this process has begun."""

    def join(
        self,
        session: Session,
        what: str,
        *,
        fly: Callable[[], str],
        landed: Callable[[float], str | None],
    ) -> str:
        """What `fly` gives: the id of the row with the result, to all who want the same at once.

        `landed` looks in the database for one that was stored at that time or later. Raises what
        `fly` raises; Unavailable when too many requests wait.
        """
        with self._lock:
            found = self._under_way.get(what)
            mine = found or self._under_way.setdefault(what, Future())
        if found:
            return self._wait_for(found)
        try:
            mine.set_result(_fly_alone(session, what, fly, landed))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[what]
        return mine.result()

    def _wait_for(self, flight: "Future[str]") -> str:
        give_back()
        outside.enter()
        with self._lock:
            self.waiting += 1
        try:
            return flight.result()
        finally:
            with self._lock:
                self.waiting -= 1


def _fly_alone(
    session: Session, what: str, fly: Callable[[], str], landed: Callable[[float], str | None]
) -> str:
    """Unless another replica does, or somebody has while this request waited for a thread."""
    since_s = session.exec(select(now_s())).one() - came_s_ago()
    while True:
        if found := landed(since_s):
            return found
        give_back()
        with Session(session.get_bind()) as own:
            if work := leases.take(own, f"{NOUN}:{what}", lease_s=LEASE_S):
                try:
                    return fly()
                finally:
                    _finish(work)
        outside.enter()
        time.sleep(LOOK_EVERY_S)


def _finish(work: Work) -> None:
    """If it cannot be written, the lease expires by itself."""
    with suppress(LeaseLost, SQLAlchemyError):
        work.finish()


def handler(work: Work) -> None:
    """Of a lease whose process was killed: whoever wants to go may begin."""
    work.finish()


flights = Flights()
