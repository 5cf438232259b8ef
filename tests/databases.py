"""Databases with all tables and no rows."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, event

from webapp.db import make_engine, migrate
from webapp.settings import Settings


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

    For SQLite its user, the test or the app, has had it before, with other files: the SQL that it
    has compiled would take longer to compile again than most tests.
    """
    made = make_engine(settings.database)
    if settings.database_url:
        return made
    shared = _engine(user)
    shared.dispose()  # connections to the last test's file
    shared.url = made.url
    return shared.execution_options()  # what listens to this one does not hear the next


@cache
def _engine(_user: str) -> Engine:
    engine = make_engine(f"sqlite:///{_migrated().name}/egret.db")

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: object, arguments: list[Any], _options: object) -> None:
        arguments[:], _ = dialect.create_connect_args(engine.url)

    return engine


@cache
def _migrated() -> TemporaryDirectory[str]:
    """It is deleted when the process ends."""
    folder = TemporaryDirectory(prefix="egret-tests-")
    migrate(f"sqlite:///{folder.name}/egret.db")
    return folder


@contextmanager
def impatient(engine: Engine) -> Iterator[None]:
    """Its new connections do not wait for locks. Tests share engines, so it ends with the block."""
    event.listen(engine, "connect", _without_patience)
    yield
    event.remove(engine, "connect", _without_patience)
    engine.dispose()


def _without_patience(made: Any, _record: object) -> None:
    made.execute("PRAGMA busy_timeout=0")
