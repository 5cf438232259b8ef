"""Making a backup, and restoring one.

A backup is one transaction that sees the database as it was at one moment, whatever others write
meanwhile. A restoration is one transaction too: either all of it has happened, or nothing.

A database is always restored with the tables of this version. A backup of an older one is first
restored into a temporary SQLite database of its own version, which is then migrated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, delete, inspect
from sqlmodel import Session, SQLModel, col, select

from webapp.backup import tables
from webapp.backup.archive import Archive, Head, Part, write
from webapp.backup.revisions import is_known, newest_revision
from webapp.db import VERSION, VERSIONS, migrate, temporary_engine
from webapp.errors import Conflict, Invalid
from webapp.models import (
    AccessToken,
    Account,
    Address,
    AuditEvent,
    BegunSignIn,
    Function,
    Key,
    Network,
    TokenKind,
    User,
    utc_now,
)
from webapp.scope import Scope, Thing

IN_USE: tuple[type[SQLModel], ...] = (User, Account, Network, Address, Key, Function, AuditEvent)
"""A database with rows of one of these is somebody's."""
ONE_MOMENT = {
    "sqlite": "BEGIN",  # sqlite3 itself begins no transaction for what only reads
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


@dataclass(frozen=True)
class Restored:
    rows: int
    made_at: str
    kept: Path | None
    """Where that is which was there before."""


def back_up(url: str, path: Path) -> int:
    """Write the whole database into a new file, and give its number of rows.

    Raises Conflict if there is such a file, and Invalid for a database without tables.
    """
    with temporary_engine(url) as engine, engine.connect() as connection:
        connection.exec_driver_sql(ONE_MOMENT[engine.dialect.name])
        if not inspect(connection).has_table(VERSIONS):
            raise Invalid(
                "There is no database of Egret here yet.",
                remedy="Check EGRET_DATA_DIR and EGRET_DATABASE_URL.",
            )
        revision = connection.exec_driver_sql(VERSION).scalar_one()
        head = Head(revision, utc_now().isoformat(timespec="seconds"))
        return write(path, head, tables.read(connection))


def restore(url: str, path: Path, *, actor: str, kept: Path | None = None) -> Restored:
    """Replace all rows of a migrated database by the backup's.

    If it is somebody's already, it is backed up into `kept` first; without `kept`, raises Conflict.
    Raises Invalid when the backup is damaged, or newer than this version.
    """
    with Archive(path) as archive, temporary_engine(url) as engine:
        _check_revision(archive.head.revision)
        is_used = _is_used(engine)
        if is_used and kept is None:
            raise Conflict(
                "There is something in this database already.",
                remedy="Restore into a new one, or use --replace, which keeps a copy of it.",
            )
        if is_used and kept:
            back_up(url, kept)
        with _up_to_date(archive) as parts, engine.begin() as connection:
            rows = tables.put(connection, parts)
            _settle_in(connection, archive.head, actor)
    return Restored(rows, archive.head.made_at, kept if is_used else None)


def _check_revision(revision: str) -> None:
    if not is_known(revision):
        raise Invalid(
            f"The backup was made by a newer version of Egret (its schema is {revision}).",
            remedy="Install that version or a newer one, then restore it.",
        )


def _is_used(engine: Engine) -> bool:
    with Session(engine) as session:
        return any(session.exec(select(table).limit(1)).first() for table in IN_USE)


@contextmanager
def _up_to_date(archive: Archive) -> Iterator[Iterator[Part]]:
    """The parts with the tables of this version."""
    if archive.head.revision == newest_revision():
        yield archive.parts()
        return
    with TemporaryDirectory(prefix="egret-restore-") as folder:
        url = f"sqlite:///{folder}/egret.db"
        migrate(url, archive.head.revision)
        with temporary_engine(url) as engine:
            with engine.begin() as connection:
                tables.put(connection, archive.parts())
            migrate(url)
            with engine.connect() as connection:
                yield tables.read(connection)


def _settle_in(connection: Connection, head: Head, actor: str) -> None:
    """Who was signed in then may not be allowed to be now; and the trail says what was done."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        session.connection().execute(
            delete(AccessToken).where(col(AccessToken.kind) != TokenKind.API)
        )
        session.connection().execute(delete(BegunSignIn))
        Scope(session, actor).record("restore", Thing("database", "Egret"), f"of {head.made_at}")
        session.commit()
