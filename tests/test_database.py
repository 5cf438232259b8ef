"""The database: migrations make what the models say, and it is private."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, Table, event, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from tests.fast import thorough
from tests.postgresql import on_either_database, sqlite_alone
from webapp.db import (
    MIGRATIONS,
    end_transactions,
    give_back,
    make_engine,
    migrate,
    temporary_engine,
)
from webapp.models import (
    AccessToken,
    Address,
    Function,
    Guesses,
    Heartbeat,
    Key,
    KeyRange,
    KeyVersion,
    Network,
    Proof,
    RevisionStatus,
    Role,
    Status,
    Whitelisting,
)
from webapp.models.revision import CONFIGURATION
from webapp.services.audit import list_after, verify
from webapp.services.functions.revisions import rows as revisions
from webapp.settings import Settings

REPLICAS = 3
STATEMENTS_BETWEEN_CUTS = 11
MORNING = datetime(2026, 1, 1, 6, tzinfo=UTC)


@on_either_database
def test_the_migrations_make_exactly_what_the_models_say(settings: Settings) -> None:
    migrate(settings.database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.database
    command.check(config)


@on_either_database
def test_an_upgrade_is_one_line_of_the_log_which_lists_what_changes_a_database_that_exists(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "egret.database")
    for revision in ("20261124", "20261125b", "20261125b"):
        migrate(settings.database, revision)
    told = [record.getMessage() for record in caplog.records if record.name == "egret.database"]
    assert told[0] == "made the schema of a new database: revision 20261124"
    assert told[1].startswith("brought the schema from revision 20261124 to 20261125b: 20261125 (")
    assert "; 20261125b (Let replicas take turns" in told[1]
    assert len(told) == 2


@on_either_database
def test_a_migration_keeps_existing_rows(settings: Settings) -> None:
    """A network with an address and a proof, a key, and events, as the first version kept them."""
    migrate(settings.database, "20261124")
    engine, old = make_engine(settings.database), MetaData()
    old.reflect(engine)
    networks = old.tables["network"]
    with engine.begin() as connection:
        insert_row(connection, networks, id="kept", name="kept", status="ready", nat="single")
        insert_row(connection, networks, id="going", name="going", status="deleting", nat="single")
        used = {"network_id": "kept", "status": "in_use", "public_ip": "203.0.113.7"}
        insert_row(connection, old.tables["address"], **used)
        insert_row(connection, old.tables["proof"], network_id="kept")
        insert_row(connection, old.tables["key"], id="key", claims={"cidrs": ["203.0.113.7"]})
        for stage in ("AWSCURRENT", "AWSPREVIOUS"):
            insert_row(connection, old.tables["key_version"], id=stage, key_id="key", stage=stage)
        for number, action in enumerate(("create", "fail to sign in"), start=7):
            insert_row(connection, old.tables["audit_event"], id=number, action=action)
        for id, partner in (("1", "The bank"), ("2", "the\u200b BANK"), ("3", "the bank")):
            listed = {"id": id, "network_id": "kept", "partner": partner}
            insert_row(connection, old.tables["whitelisting"], **listed)
        for role in ("admin", "owner", "viewer"):
            token = {"id": role, "token_hash": role, "role": role, "kind": "api"}
            insert_row(connection, old.tables["access_token"], user_id=None, **token)
    migrate(settings.database)
    with Session(engine) as session:
        network, going = session.get_one(Network, "kept"), session.get_one(Network, "going")
        assert (network.unwanted, going.unwanted) == (False, True)
        address = session.exec(select(Address)).one()
        assert (address.network_id, network.look_at is None) == (network.id, False)
        (allowed,) = session.exec(select(KeyRange)).all()
        assert (allowed.key_id, allowed.prefix, allowed.first) == ("key", 32, 0xCB007107)
        assert allowed.first == allowed.last == address.ip_number
        assert session.exec(select(Proof)).one().network_id == network.id
        assert session.get_one(Key, "key").status is Status.READY
        rows = session.exec(select(Whitelisting).order_by(col(Whitelisting.id))).all()
        assert [row.partner for row in rows] == ["The bank", "the\u200b BANK (2)", "the bank (3)"]
        current, previous = (
            session.get_one(KeyVersion, f"AWS{x}") for x in ("CURRENT", "PREVIOUS")
        )
        assert (current.claims, previous.claims) == ({"cidrs": ["203.0.113.7"]}, {})
        found = {token.id: token.role for token in session.exec(select(AccessToken))}
        assert found == {"admin": Role.ADMIN, "owner": Role.VIEWER, "viewer": Role.VIEWER}
        results = [event.result for event in list_after(session, 0, limit=9)]
    assert (results, verify(engine).rows) == (["done", "refused"], 2)
    engine.dispose()


@on_either_database
def test_a_function_of_an_older_version_has_its_origins_as_browsers_send_them_and_a_revision(
    settings: Settings,
) -> None:
    typed = ["HTTPS://Example.com:443/", "https://example.com", "https://B.example/x", "null"]
    migrate(settings.database, "20261126c")
    engine, old = make_engine(settings.database), MetaData()
    old.reflect(engine)
    with engine.begin() as connection:
        insert_row(connection, old.tables["network"], id="n")
        insert_row(connection, old.tables["key"], id="k")
        owned = {"network_id": "n", "key_id": "k", "status": "ready", "access": "open"}
        insert_row(connection, old.tables["function"], id="f", cors_origins=typed, **owned)
    migrate(settings.database)
    with Session(engine) as session:
        function = session.get_one(Function, "f")
        (first,) = revisions.newest_first(session, function)
    assert (first.number, first.status, first.created_at) == (
        function.revision,
        RevisionStatus.LIVE,
        function.created_at,
    )
    for name in CONFIGURATION:
        assert getattr(first, name) == getattr(function, name)
    kept = function.cors_origins
    assert kept == ["https://example.com", "https://b.example", "null"]
    engine.dispose()


@on_either_database
def test_a_time_is_read_in_utc_whatever_the_database_session_uses(settings: Settings) -> None:
    """HTTP dates are made from it, and they must be in UTC."""
    migrate(settings.database)
    with temporary_engine(settings.database) as engine, Session(engine) as session:
        if engine.dialect.name == "postgresql":
            session.connection().exec_driver_sql("SET TIME ZONE 'Asia/Tokyo'")
        session.add(Guesses(subject="a", last_at=MORNING, wait_until=MORNING))
        session.flush()
        session.expire_all()
        read = session.exec(select(Guesses)).one().last_at
    assert (read, read.tzinfo) == (MORNING, UTC)


@thorough("every migration runs")
@on_either_database
def test_an_interrupted_migration_changes_nothing(settings: Settings) -> None:
    """Interrupted at its first statement, and at every eleventh after it, until one is complete."""
    for statements in count(step=STATEMENTS_BETWEEN_CUTS):
        with Cut(after=statements) as cut, suppress(Cut.Off):
            migrate(settings.database)
        if not cut.struck:
            break
        assert not tables(settings)
    assert statements > len(SQLModel.metadata.tables)
    assert tables(settings) >= set(SQLModel.metadata.tables)


@on_either_database
def test_migrations_at_the_same_time_wait_for_each_other(settings: Settings) -> None:
    command = [sys.executable, "-m", "webapp", "migrate"]
    environment = os.environ | {"EGRET_DATABASE_URL": settings.database}
    started = [subprocess.Popen(command, env=environment) for _ in range(REPLICAS)]
    assert [process.wait(30) for process in started] == [0] * REPLICAS
    assert tables(settings) >= set(SQLModel.metadata.tables)


class Cut:
    """Interrupts a migration after so many statements that change something."""

    class Off(Exception):
        pass

    def __init__(self, *, after: int) -> None:
        self._left = after
        self.struck = False

    def __enter__(self) -> "Cut":
        event.listen(Engine, "before_cursor_execute", self._strike)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._strike)

    def _strike(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split(maxsplit=1)[0] not in ("ALTER", "CREATE", "DROP", "INSERT", "UPDATE"):
            return
        if self._left == 0:
            self.struck = True
            raise Cut.Off
        self._left -= 1


def tables(settings: Settings) -> set[str]:
    with temporary_engine(settings.database) as engine:
        return set(inspect(engine).get_table_names())


def insert_row(connection: Connection, table: Table, **values: object) -> None:
    """A row with `values`, and something in every other column that must not be empty."""
    something = {str: "x", int: 1, float: 1.0, bool: True, object: {}, datetime: datetime.now(UTC)}
    needed = {c.name: something[c.type.python_type] for c in table.columns if not c.nullable}
    connection.execute(table.insert().values(needed | values))


@sqlite_alone("PostgreSQL's files are its server's")
def test_the_database_file_is_private(settings: Settings) -> None:
    migrate(settings.database)
    assert "network" in tables(settings)
    file = settings.data_dir / "egret.db"
    assert file.stat().st_mode & 0o077 == 0


def test_a_failed_statement_does_not_tell_its_values(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    secret = "a value that nobody may read"
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT :secret FROM missing"), {"secret": secret})
    except Exception as error:
        assert secret not in str(error)
    else:
        raise AssertionError("the statement should have failed")
    finally:
        engine.dispose()


def test_what_was_only_read_is_given_back_and_what_was_written_is_not(engine: Engine) -> None:
    pool: Any = engine.pool
    with Session(engine, expire_on_commit=False) as session:
        session.exec(select(Heartbeat)).all()
        session.execute(text("WITH one AS (SELECT 1) SELECT * FROM one")).all()
        assert pool.checkedout() == 1
        give_back()
        assert pool.checkedout() == 0
        session.add(Heartbeat(at=0))
        session.flush()
        give_back()
        assert pool.checkedout() == 1
        end_transactions()
        assert pool.checkedout() == 0
        assert not session.exec(select(Heartbeat)).all()


def test_after_a_write_that_failed_the_connection_is_given_back_without_another_error(
    engine: Engine,
) -> None:
    with Session(engine) as session:
        session.add(Heartbeat(at=0))
        session.flush()
        session.expunge_all()
        session.add(Heartbeat(at=0))
        with pytest.raises(IntegrityError):
            session.flush()
        give_back()
        end_transactions()
        pool: Any = engine.pool
        assert pool.checkedout() == 0


def test_another_threads_session_is_left_alone(engine: Engine) -> None:
    pool: Any = engine.pool
    with Session(engine) as session:
        session.exec(select(Heartbeat)).all()
        with ThreadPoolExecutor(1) as other:
            other.submit(end_transactions).result()
        assert pool.checkedout() == 1
