"""What many ask for again and again, read once after each commit.

Whether there was a commit is asked each time, so that nobody gets what was true before. Only one
reads at a time; the others wait for what it reads.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Engine, text
from sqlmodel import Session

Value = TypeVar("Value")
SNAPSHOT = text("SELECT CAST(pg_current_snapshot() AS text)")


class Latest:
    """Of one process."""

    def __init__(self, engine: Engine) -> None:
        self._pool = engine.pool.recreate() if engine.dialect.name == "sqlite" else None
        self._lock = Lock()
        self._read: dict[Any, tuple[object, Any]] = {}

    def of(self, session: Session, read: Callable[[Session], Value]) -> Value:
        """What `read` gives now: values that several may have, and no rows of a session."""
        with self._lock:
            version = self._version(session)
            known, value = self._read.get(read, (None, None))
            if known != version:
                value = read(session)
                self._read[read] = version, value
            given: Value = value
            return given

    def _version(self, session: Session) -> object:
        """The same one if nothing was committed in between.

        SQLite counts for each connection, so it is always the same one: nobody else has this pool.
        PostgreSQL's snapshot names the transactions whose changes can be seen.
        """
        if self._pool is None:
            return session.scalar(SNAPSHOT)
        pooled = self._pool.connect()
        try:
            connection: Any = pooled.driver_connection
            return id(connection), *connection.execute("PRAGMA data_version").fetchone()
        finally:
            pooled.close()
