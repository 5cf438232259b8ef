"""The turns of all replicas at a region where AWS throttles: one row, and the database's clock.

It has its own connections. A turn is taken during a call to AWS, by a thread whose session already
holds one; with one pool for both, all threads could end up waiting for each other's.
"""

import logging

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, case, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from webapp.aws.pace import (
    SLOW_CALL_EVERY_S,
    SLOW_FOR_S,
    WAIT_MAX_S,
    LocalTurns,
    TurnQueueFull,
    Turns,
)
from webapp.db import insert_into, now_s
from webapp.models import Throttle

log = logging.getLogger("egret.turns")


class SharedTurns(Turns):
    """`engine` is for the turns alone. Without the database, a process keeps its own turns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._own = LocalTurns()

    def take(self, region: str) -> float:
        try:
            with self._engine.connect() as connection:
                return _take(connection, region)
        except SQLAlchemyError as error:
            _warn(error)
            return self._own.take(region)

    def slow_down(self, region: str) -> None:
        self._own.slow_down(region)
        try:
            with self._engine.connect() as connection:
                _slow_down(connection, region)
        except SQLAlchemyError as error:
            _warn(error)

    def close(self) -> None:
        self._engine.dispose()


def _take(connection: Connection, region: str) -> float:
    """Nearly always one reading: nothing is throttled."""
    of = {"of_region": region}
    is_slow, wait_s = connection.execute(_LOOK, of).one_or_none() or (False, 0.0)
    if not is_slow:
        return 0.0
    if wait_s > WAIT_MAX_S:
        raise TurnQueueFull
    return float(connection.execute(_TAKE, of).scalar_one())


def _slow_down(connection: Connection, region: str) -> None:
    first = {"next_at": now_s() + SLOW_CALL_EVERY_S, "slow_until": now_s() + SLOW_FOR_S}
    later = first | {"next_at": _next_at(now_s() + SLOW_CALL_EVERY_S)}
    row = insert_into(connection, Throttle).values(region=region, **first)
    connection.execute(row.on_conflict_do_update(index_elements=["region"], set_=later))


def _next_at(earliest: ColumnElement[float]) -> ColumnElement[float]:
    """The later of the row's and `earliest`: SQLite calls that MAX, PostgreSQL GREATEST."""
    return case((col(Throttle.next_at) > earliest, col(Throttle.next_at)), else_=earliest)


_REGION = col(Throttle.region) == bindparam("of_region")
_LOOK = select(col(Throttle.slow_until) > now_s(), col(Throttle.next_at) - now_s()).where(_REGION)
_TAKE = (
    update(Throttle)
    .where(_REGION)
    .values(next_at=_next_at(now_s()) + SLOW_CALL_EVERY_S)
    .returning(col(Throttle.next_at) - SLOW_CALL_EVERY_S - now_s())
)
"""Made once: they are run with every call to AWS."""


def _warn(error: SQLAlchemyError) -> None:
    log.warning("the turns at AWS are not shared with the other replicas just now: %s", error)
