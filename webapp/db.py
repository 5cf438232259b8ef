"""The database: SQLite by default, PostgreSQL by `EGRET_DATABASE_URL`.

`hide_parameters` keeps bound values, such as a password hash, out of error messages and logs.

A connection is for a moment: `give_back` returns those with which this thread has only read, before
something slow is done, such as a call to AWS. Otherwise a few slow calls would leave none for
everybody else.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import quote, unquote
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float
from sqlmodel import SQLModel

from webapp.database.errors import plain
from webapp.database.plans import BY_INDEX

MIGRATIONS = Path(__file__).parents[1] / "migrations"
LOCK_WAIT_MS = 10_000
CHECK_WAIT_MS = 1_000
BRIEF_WAIT_MS = 200
LOCK_WAIT = {"sqlite": "PRAGMA busy_timeout={}", "postgresql": "SET LOCAL lock_timeout={}"}
HEARTBEAT = "UPDATE heartbeat SET at = at + 1"
POOL_SIZE = 10
CONNECTIONS = 20
"""How many there are at most: those beyond POOL_SIZE are opened when they are needed, and closed
again. Requests and the background share more of them: see `webapp.main`."""
POOL_WAIT_S = 10
"""How long a thread waits for a connection, where there are fewer than threads."""
VERSIONS, VERSION = "alembic_version", "SELECT version_num FROM alembic_version"
_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_FOLLOWS = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)
WRITTEN = "written"
"""The mark of a connection that has done more than read in its transaction."""
READS = re.compile(r"SELECT|WITH(?!.*\b(?:INSERT|UPDATE|DELETE)\b)", re.DOTALL)
HOT_TABLES = re.compile(
    r'(INSERT INTO|UPDATE|DELETE FROM) "?(access_token|user|snapshot|function|network|address)\b'
)
"""What hot answers are made of, and who may have them: see `webapp.hot.cache`."""
HOT = "hot"
"""The mark of a connection that has written to one of these tables."""
AT_COMMIT = "at commit"
"""What a session writes when it commits: see `webapp.audit_chain`."""


def make_engine(url: str, connections: int = CONNECTIONS) -> Engine:
    """An engine for `url`; the folder and file of an SQLite database are made private."""
    more = connections - POOL_SIZE
    pool = {"pool_size": POOL_SIZE, "max_overflow": more, "pool_timeout": POOL_WAIT_S}
    if url.startswith("sqlite"):
        _make_private(make_url(url).database)
        engine = create_engine(without_creating(url), hide_parameters=True, **pool)
        event.listen(engine, "connect", _set_pragmas)
    else:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"options": f"-c lock_timeout={LOCK_WAIT_MS} {BY_INDEX}"},
            **pool,
        )
        event.listen(engine, "handle_error", plain)
    event.listen(engine, "begin", _forget_writes)
    event.listen(engine, "before_cursor_execute", _note_write)
    event.listen(engine, "commit", _count_generation)
    return engine


def generation() -> int:
    """Another number once this process has committed something that hot answers depend on."""
    return _generations[-1]


def give_back() -> None:
    """Return the connections with which this thread's sessions have only read.

    What they have read stays usable, if they do not expire it. One that has written keeps its
    connection until it commits: it is the caller's intent that is committed first.
    """
    for session in _begun_here():
        if not _has_changes(session):
            session.commit()


def end_transactions() -> None:
    """The same at the end of a piece of work, when what was not committed is not wanted.

    Afterwards another thread may go on with the sessions. That a connection is broken is no error
    any more.
    """
    with suppress(SQLAlchemyError):
        give_back()
    for session in _begun_here():
        with suppress(SQLAlchemyError):
            session.rollback()


@contextmanager
def temporary_engine(url: str) -> Iterator[Engine]:
    """An engine whose connections are closed at the end."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`; does nothing if it is there already.

    Alembic, which takes 10 MiB and a tenth of the start, is imported only if it is not.
    """
    if revision == "head" and _is_newest(url):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def _is_newest(url: str) -> bool:
    """Whether no migration is to be made. Raises SQLAlchemyError when the database cannot say."""
    with temporary_engine(url) as engine, engine.connect() as connection:
        if not inspect(connection).has_table(VERSIONS):
            return False
        at = connection.exec_driver_sql(VERSION).scalars().all()
    return set(at) == _heads()


def _heads() -> set[str]:
    """The migrations that no other one follows, by what their files say."""
    texts = [file.read_text() for file in (MIGRATIONS / "versions").glob("*.py")]
    made = {found[1] for text in texts for found in _REVISION.finditer(text)}
    return made - {found[1] for text in texts for found in _FOLLOWS.finditer(text)}


def check_writable(engine: Engine) -> None:
    """Write one row within CHECK_WAIT_MS.

    Raises SQLAlchemyError if the database is locked or missing, or the disk is full.
    """
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and not Path(unquote(file.removeprefix("file:"))).exists():
        raise OperationalError("check_writable", None, FileNotFoundError(file))
    with engine.connect() as connection:
        connection.exec_driver_sql(LOCK_WAIT[engine.dialect.name].format(CHECK_WAIT_MS))
        try:
            if not connection.exec_driver_sql(HEARTBEAT).rowcount:
                connection.exec_driver_sql("INSERT INTO heartbeat (id, at) VALUES (1, 0)")
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql(LOCK_WAIT[engine.dialect.name].format(LOCK_WAIT_MS))


@contextmanager
def brief_locks(session: Session) -> Iterator[Connection]:
    """For a write that can be left out: it waits for locks no longer than BRIEF_WAIT_MS.

    The caller commits afterwards. Raises OperationalError when it has waited in vain.
    """
    connection = session.connection()
    wait = LOCK_WAIT[connection.dialect.name]
    connection.exec_driver_sql(wait.format(BRIEF_WAIT_MS))
    try:
        yield connection
    finally:
        if connection.dialect.name == "sqlite":  # PostgreSQL's is for one transaction
            connection.exec_driver_sql(wait.format(LOCK_WAIT_MS))


def lock(session: Session, name: str) -> None:
    """Hold the lock of that name until the session's transaction ends; wait for who has it.

    It must be the first statement of the transaction. SQLite has one lock for all names: the
    statement that takes it changes nothing.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("UPDATE heartbeat SET at = at WHERE id IS NULL")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


def insert_into(connection: Connection, table: type[SQLModel]) -> Any:
    """The dialect's own INSERT, because the generic one has no ON CONFLICT."""
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert(table)


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


_begun = local()


def _begun_here() -> list[Session]:
    """The sessions in whose transaction this thread is, and so has taken a connection.

    A session is used by one thread after the other, and may not be touched by an earlier one.
    """
    return list(_begun.__dict__.setdefault("sessions", WeakSet()))


def _begin(session: Session, *_: object) -> None:
    _begun.__dict__.setdefault("sessions", WeakSet()).add(session)


def _end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        _begun.__dict__.setdefault("sessions", WeakSet()).discard(session)


event.listen(Session, "after_begin", _begin)
event.listen(Session, "after_transaction_end", _end)


def _has_changes(session: Session) -> bool:
    """Also of a session whose last write failed: it can only be rolled back."""
    pending = session.new or session.deleted or session.info.get(AT_COMMIT) or not session.is_active
    changed = any(session.is_modified(row) for row in session.dirty)
    return bool(pending) or changed or bool(session.connection().info.get(WRITTEN))


def _forget_writes(connection: Connection) -> None:
    connection.info[WRITTEN] = connection.info[HOT] = False


def _note_write(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    """Whatever is no plain reading may have changed or locked something."""
    if not READS.match(statement) or "FOR UPDATE" in statement:
        connection.info[WRITTEN] = True
        if HOT_TABLES.match(statement):
            connection.info[HOT] = True


_generations = [0]


def _count_generation(connection: Connection) -> None:
    """Just before the commit; who looks in between has looked too early, by less than a moment."""
    if connection.info.get(HOT):
        _generations[:] = [_generations[-1] + 1]


def without_creating(url: str) -> URL:
    """The URL that makes a missing SQLite file an error; by default a new, empty one is created."""
    parsed = make_url(url)
    if not parsed.database or parsed.database == ":memory:":
        return parsed
    query = {"mode": "rw", "uri": "true"}
    return parsed.set(database=f"file:{quote(parsed.database)}", query=query)


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
