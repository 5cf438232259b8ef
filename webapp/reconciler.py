"""The background loop: claims rows that are due, and takes one step with each.

Any number of processes may run it, with a few threads each; the lease table keeps them apart.
"""

import logging
from contextlib import suppress
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from webapp import logs, rounds
from webapp.aws import Cloud
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler
from webapp.services.functions.callers import operation as callers
from webapp.services.functions.operation import FunctionOperation
from webapp.services.keys import operation as keys
from webapp.services.networks.operation import NetworkOperation
from webapp.settings import Settings

THREADS = 3
IDLE_S = 0.25
AFTER_ERROR_S = 5.0
STOP_TIMEOUT_S = 5.0

log = logging.getLogger("egret.reconciler")


class Reconciler:
    """`start` it once; `stop` waits for the steps that are under way, a short while."""

    def __init__(self, engine: Engine, cloud: Cloud, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._handlers: dict[str, Handler] = {
            "network": NetworkOperation.handler(cloud, settings),
            "function": FunctionOperation.handler(cloud, settings),
            "key": keys.handler(cloud, settings),
            callers.NOUN: callers.handler(cloud, settings),
            rounds.NOUN: rounds.handler(cloud, settings),
        }
        self._stopping = Event()
        self._has_rounds = False
        self._threads = [
            Thread(target=self._run, name=f"reconciler-{number}", daemon=True)
            for number in range(THREADS)
        ]

    def start(self) -> None:
        """Also when the database cannot be written just now: the loop waits for it."""
        with suppress(OperationalError, NoConnection):
            self._start_rounds()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with logs.about():
                wait_s = self._once()
            self._stopping.wait(wait_s)

    def _start_rounds(self) -> None:
        if not self._has_rounds:
            with Session(self._engine) as session:
                rounds.start(session, self._settings)
            self._has_rounds = True

    def _once(self) -> float:
        """Handle one row. Gives the seconds to wait before the next one."""
        try:
            self._start_rounds()
            lease_s = self._settings.lease_s
            return 0 if leases.run_one(self._engine, self._handlers, lease_s=lease_s) else IDLE_S
        except (OperationalError, NoConnection) as error:
            cause = getattr(error, "orig", None) or error
            log.error("the database cannot be used; the work waits for it: %s", cause)
            return AFTER_ERROR_S
        except Exception:
            log.exception("a step failed; it is taken again when its lease expires")
            return AFTER_ERROR_S
