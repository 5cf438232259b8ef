"""Whether anything was committed, by this process or by another one.

SQLite counts the commits of all other connections; to ask for the number reads no table. PostgreSQL
tells who listens: triggers notify, whoever writes (migration `20261201_notices`). A notice may get
lost with its connection, or behind a pooler that does not pass it on, so that there is a look every
few seconds as well.
"""

import time
from typing import Any, Protocol

from sqlalchemy import Engine

CHANNEL = "egret_change"
UNTOLD_MAX_S = 5.0
"""How long no notice of PostgreSQL is believed."""


class Changes(Protocol):
    """Since it was made, or since the last question."""

    def wait(self, timeout_s: float) -> bool:
        """Whether there was a change; it may say so without one. Raises the driver's error."""

    def close(self) -> None: ...


def changes_of(engine: Engine) -> Changes:
    """It has a connection of its own. Raises SQLAlchemyError, or the driver's error."""
    kind = SqliteChanges if engine.dialect.name == "sqlite" else PostgresChanges
    return kind(engine)


class SqliteChanges:
    def __init__(self, engine: Engine) -> None:
        self._pooled = engine.raw_connection()
        self._counted = self._count()

    def wait(self, timeout_s: float) -> bool:
        time.sleep(timeout_s)
        before, self._counted = self._counted, self._count()
        return self._counted != before

    def close(self) -> None:
        self._pooled.close()

    def _count(self) -> int:
        """https://www.sqlite.org/pragma.html#pragma_data_version"""
        connection: Any = self._pooled.driver_connection
        (count,) = connection.execute("PRAGMA data_version").fetchone()
        return int(count)


class PostgresChanges:
    def __init__(self, engine: Engine) -> None:
        self._pooled = engine.raw_connection()
        connection: Any = self._pooled.driver_connection
        self._connection = connection
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")
        self._told_s = time.monotonic()

    def wait(self, timeout_s: float) -> bool:
        notices = list(self._connection.notifies(timeout=timeout_s, stop_after=1))
        now_s = time.monotonic()
        if not notices and now_s - self._told_s < UNTOLD_MAX_S:
            return False
        self._told_s = now_s
        return True

    def close(self) -> None:
        if self._connection.closed:  # it broke
            self._pooled.invalidate()
        else:
            self._pooled.close()
