"""The background loop: sleeps until a row is due, and takes one step with each that is.

Any number of processes may run it; the lease table keeps them apart. One thread looks what is due
next, and starts others for the steps. What this process commits wakes it at once; every LOOK_S it
looks for rows that another process has left, such as one that was killed.

Proofs have a lane of their own. They are many, may take half a minute each and can wait, so that
they never keep an operation waiting; after an outage, all of them are overdue.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from threading import Event, Lock, Thread, current_thread
from typing import TypeVar

from sqlalchemy import ColumnElement, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from webapp import logs, rounds
from webapp.aws import Cloud
from webapp.aws.pace import patiently
from webapp.capacity import flights
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler
from webapp.services.functions.callers import operation as callers
from webapp.services.functions.operation import FunctionOperation
from webapp.services.keys import operation as keys
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

THREADS = 3
OTHER_THREADS = 2
"""The one that looks what is due, and the one of proofs."""
LOOK_S = 2.0
PROOF_PAUSE_S = 0.5
"""After each proof: a thousand that are overdue take a tenth of a processor for ten minutes."""
AFTER_ERROR_S = 5.0
STOP_TIMEOUT_S = 4.4
"""From when it is told to end; what goes on for longer is cut, and taken over by its lease."""
Result = TypeVar("Result")

log = logging.getLogger("egret.reconciler")


class Reconciler:
    """`start` it once; `stop` waits for the steps that are under way, a short while."""

    def __init__(self, engine: Engine, cloud: Cloud, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        handlers: dict[str, Handler] = {
            "network": NetworkOperation.handler(cloud, settings),
            "function": FunctionOperation.handler(cloud, settings),
            "key": keys.handler(cloud, settings),
            callers.NOUN: callers.handler(cloud, settings),
            flights.NOUN: flights.handler,
            rounds.NOUN: rounds.handler(cloud, settings),
            rounds.PROOF: rounds.prover(cloud, settings),
            rounds.CALLS: rounds.caller(cloud, settings),
        }
        self._stopping, self._until = Event(), inf
        self._woken = leases.sleeper()
        self._has_rounds = False
        lanes = (
            (leases.CANNOT_WAIT, THREADS, 0.0),
            (leases.CAN_WAIT, 1, PROOF_PAUSE_S),
        )
        self._lanes = [
            Lane(engine, handlers, settings.lease_s, self._stopping, *each) for each in lanes
        ]
        self._thread = Thread(target=self._run, name="reconciler", daemon=True)

    def start(self) -> None:
        """Also when the database cannot be written just now: the loop waits for it."""
        with suppress(OperationalError, NoConnection):
            self._start_rounds()
        self._thread.start()

    def begin_to_end(self) -> None:
        """Begin no further step."""
        self._until = min(self._until, time.monotonic() + STOP_TIMEOUT_S)
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """Wait for the steps that are under way, for what is left of STOP_TIMEOUT_S."""
        self.begin_to_end()
        self._join(self._thread)
        for lane in self._lanes:
            for step in lane.at_work:
                self._join(step)

    def _join(self, thread: Thread) -> None:
        thread.join(max(0.0, self._until - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()  # before it looks: what becomes due meanwhile wakes it again
            with logs.about():
                wait_s = _guarded(self._look)
            if wait_s is None:
                self._stopping.wait(AFTER_ERROR_S)
            else:
                self._woken.wait(wait_s)

    def _start_rounds(self) -> None:
        if not self._has_rounds:
            with Session(self._engine) as session:
                rounds.start(session, self._settings)
            self._has_rounds = True

    def _look(self) -> float:
        """Have done what is due. Gives the seconds until the next look."""
        self._start_rounds()
        with Session(self._engine) as session:
            return min(LOOK_S, *(lane.look(session) for lane in self._lanes))


@dataclass
class Lane:
    """Rows that are worked on by at most so many threads, with a pause after each step."""

    engine: Engine
    handlers: Mapping[str, Handler]
    lease_s: float
    stopping: Event
    those: ColumnElement[bool]
    threads: int
    pause_s: float
    _at_work: set[Thread] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def look(self, session: Session) -> float:
        """Start a thread if something is due and one is free; it wakes the loop once it has
        claimed a row, and when it ends. Gives the seconds until something is due."""
        with self._lock:
            if len(self._at_work) >= self.threads:
                return LOOK_S
        due_in_s = leases.due_in_s(session, self.those)
        if due_in_s is None or due_in_s > 0:
            return LOOK_S if due_in_s is None else due_in_s
        thread = Thread(target=self._work, name="reconciler-step", daemon=True)
        with self._lock:
            self._at_work.add(thread)
        thread.start()
        return LOOK_S

    @property
    def at_work(self) -> list[Thread]:
        with self._lock:
            return list(self._at_work)

    def _work(self) -> None:
        try:
            while not self.stopping.is_set():
                with logs.about(), patiently():
                    did = _guarded(self._step)
                self.stopping.wait(AFTER_ERROR_S if did is None else self.pause_s)
                if not did:
                    break
        finally:
            with self._lock:
                self._at_work.remove(current_thread())
            leases.wake()

    def _step(self) -> bool:
        """False when nothing is due."""
        return leases.run_one(self.engine, self.handlers, lease_s=self.lease_s, those=self.those)


def _guarded(work: Callable[[], Result]) -> Result | None:
    """None, and a line in the log, when it failed."""
    try:
        return work()
    except (OperationalError, NoConnection) as error:
        cause = getattr(error, "orig", None) or error
        log.error("the database cannot be used; the work waits for it: %s", cause)
    except Exception:
        log.exception("a step failed; it is taken again when its lease expires")
    return None
