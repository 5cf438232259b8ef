"""The database: SQLite by default, PostgreSQL by `EGRET_DATABASE_URL`.

`hide_parameters` keeps bound values, a password hash say, out of error messages and logs.
"""

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float

MIGRATIONS = Path(__file__).parents[1] / "migrations"
LOCK_WAIT_MS = 10_000
POOL_SIZE = 10


def make_engine(url: str) -> Engine:
    """An engine for `url`; the folder and file of an SQLite database are made private."""
    if not url.startswith("sqlite"):
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=POOL_SIZE)
    _make_private(make_url(url).database)
    engine = create_engine(url, hide_parameters=True, pool_size=POOL_SIZE)
    event.listen(engine, "connect", _set_pragmas)
    return engine


def migrate(url: str) -> None:
    """Bring the schema up to date; harmless when it is."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    command.upgrade(config, "head")


class now_s(FunctionElement[float]):
    """The database's clock, in seconds since 1970: one clock for all replicas."""

    type = Float()
    inherit_cache = True


@compiles(now_s, "sqlite")
def _now_in_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_s, "postgresql")
def _now_in_postgresql(*_: Any, **__: Any) -> str:
    return "EXTRACT(EPOCH FROM clock_timestamp())"


def _make_private(database: str | None) -> None:
    if database and database != ":memory:":
        path = Path(database)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    """Readers never wait for a writer (WAL); a commit survives a killed process."""
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={LOCK_WAIT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")
