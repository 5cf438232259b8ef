"""Databases with all tables and no rows."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from webapp.db import migrate
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


@cache
def _migrated() -> TemporaryDirectory[str]:
    """It is deleted when the process ends."""
    folder = TemporaryDirectory(prefix="egret-tests-")
    migrate(f"sqlite:///{folder.name}/egret.db")
    return folder
