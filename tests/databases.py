"""Databases with all tables and no rows."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests import postgresql
from webapp.db import make_engine, migrate, without_creating
from webapp.settings import Settings

SECRET_KEY = "of all replicas, and of no use elsewhere"
"""With SQLite it is in a file that is made."""
AWAY = ".away"
PAGE_BYTES = 1024
END_ALL = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
USUAL = Settings()
"""Read once: to look for each setting in the environment takes as long as many tests."""
LOCK_ATTEMPTS, LOCK_PAUSE_S = 1_000, 0.01
IMPATIENT = {"sqlite": "PRAGMA busy_timeout=0", "postgresql": "SET lock_timeout=1"}


def settings_of(folder: Path, **values: Any) -> Settings:
    """Of a dashboard with its data in the folder, or in the database that all tests use."""
    if values:
        return Settings(**(values_of(folder) | values))
    return USUAL.model_copy(update=values_of(folder))


def values_of(folder: Path) -> dict[str, Any]:
    """The settings that say where its data is."""
    server = postgresql.chosen()
    if not server:
        return {"data_dir": folder}
    url = server.database_of(folder)
    return {"data_dir": folder, "database_url": url, "secret_key": SECRET_KEY}


def environment_of(settings: Settings) -> dict[str, str]:
    """For a command on the same database."""
    return {
        "EGRET_DATA_DIR": str(settings.data_dir),
        "EGRET_DATABASE_URL": settings.database_url,
        "EGRET_SECRET_KEY": settings.secret_key,
    }


def prepare(settings: Settings) -> None:
    """Bring a new database up to date. SQLite is copied: migrations take longer than most tests.

    One that is there may be in use: the app and the test's own session have the same.
    """
    file = settings.data_dir / "egret.db"
    if settings.database_url:
        migrate(settings.database)
    elif not file.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(_migrated().name) / "egret.db", file)


def engine_of(settings: Settings, user: str) -> Engine:
    """An engine as the product makes it, which a test has to itself.

    Its user, the test or the app, has had it before, with other databases: the SQL that it has
    compiled would take longer to compile again than most tests.
    """
    url = settings.database
    is_sqlite = url.startswith("sqlite")
    shared = _engine(user, "sqlite" if is_sqlite else "postgresql")
    shared.dispose()  # connections to the last test's database
    shared.url = without_creating(url) if is_sqlite else make_url(url)
    return shared.execution_options()  # what listens to this one does not hear the next


@cache
def _engine(_user: str, dialect: str) -> Engine:
    sqlite = f"sqlite:///{_migrated().name}/egret.db"
    engine = quick_engine(sqlite if dialect == "sqlite" else "postgresql+psycopg://")

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: list[Any], options: Any) -> None:
        arguments[:], of_url = dialect.create_connect_args(engine.url)
        options.update({} if dialect.name == "sqlite" else of_url)

    return engine


def quick_engine(url: str) -> Engine:
    """As the product makes it; but what a test keeps does not outlive the machine, so nothing waits
    for its disk. What a killed process has committed stays."""
    engine = make_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_disk)
    return engine


def _without_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@cache
def _migrated() -> TemporaryDirectory[str]:
    """It is deleted when the process ends. With small pages: each table and index has one of its
    own, so a database without rows is a quarter as large, and there are two thousand of them."""
    folder = TemporaryDirectory(prefix="egret-tests-")
    migrate(f"sqlite:///{folder.name}/egret.db")
    with closing(sqlite3.connect(Path(folder.name) / "egret.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode=WAL")
    return folder


@contextmanager
def impatient(engine: Engine) -> Iterator[None]:
    """Its new connections do not wait for locks. Tests share engines, so it ends with the block."""
    statement = IMPATIENT[engine.dialect.name]

    def without_patience(made: Any, _record: object) -> None:
        made.execute(statement)
        made.commit()

    event.listen(engine, "connect", without_patience)
    try:
        yield
    finally:
        event.remove(engine, "connect", without_patience)
        engine.dispose()


@contextmanager
def locked_by_another(url: str) -> Iterator[None]:
    """Somebody else writes and does not end; who only reads is not kept from it."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as other:
        if engine.dialect.name == "sqlite":
            other.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            _lock_all_tables(other)
        yield
        other.rollback()


def _lock_all_tables(connection: Connection) -> None:
    """Without waiting, or who writes to two of them and this would wait for each other."""
    tables = ", ".join(f'"{name}"' for name in inspect(connection).get_table_names())
    for left in reversed(range(LOCK_ATTEMPTS)):
        try:
            connection.exec_driver_sql(f"LOCK TABLE {tables} IN EXCLUSIVE MODE NOWAIT")
            return
        except OperationalError:
            connection.rollback()
            if not left:
                raise
            time.sleep(LOCK_PAUSE_S)


@contextmanager
def gone(settings: Settings) -> Iterator[None]:
    """SQLite's files are elsewhere; PostgreSQL's server ends all connections and takes no more."""
    if settings.database_url:
        with _altered(settings.database, "ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true"):
            yield
        return
    files = [settings.data_dir / f"egret.db{part}" for part in ("", "-wal", "-shm")]
    there = [file for file in files if file.exists()]
    for file in there:
        file.rename(f"{file}{AWAY}")
    yield
    assert not files[0].exists(), "an empty one was made in its place"
    for file in there:
        Path(f"{file}{AWAY}").rename(file)


@contextmanager
def read_only(url: str) -> Iterator[None]:
    """As PostgreSQL's server is that has not taken over yet, or has a full disk."""
    setting = "default_transaction_read_only"
    with _altered(url, f"SET {setting} = on", f"RESET {setting}"):
        yield


@contextmanager
def _altered(url: str, change: str, undo: str) -> Iterator[None]:
    """Connections that there are at either change are ended, so that it is for all."""
    name = make_url(url).database
    server = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")

    def alter(how: str) -> None:
        with server.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} {how}")
            connection.exec_driver_sql(END_ALL, (name,))

    alter(change)
    try:
        yield
    finally:
        alter(undo)
        server.dispose()
