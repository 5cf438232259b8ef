"""The database: migrations make what the models say, and it is private."""

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text
from sqlmodel import Session, select

from webapp.db import MIGRATIONS, make_engine, migrate
from webapp.models import Address, Network, Proof
from webapp.settings import Settings


def test_the_migrations_make_exactly_what_the_models_say(settings: Settings) -> None:
    migrate(settings.database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.database
    command.check(config)


def test_a_migration_keeps_the_rows_that_there_are(settings: Settings) -> None:
    """A network with an address and a proof, as the first version kept them."""
    migrate(settings.database, "20261124")
    engine, old = make_engine(settings.database), MetaData()
    old.reflect(engine)
    networks = old.tables["network"]
    with engine.begin() as connection:
        insert_row(connection, networks, id="kept", name="kept", status="ready", nat="single")
        insert_row(connection, networks, id="going", name="going", status="deleting", nat="single")
        insert_row(connection, old.tables["address"], network_id="kept", status="in_use")
        insert_row(connection, old.tables["proof"], network_id="kept")
    migrate(settings.database)
    with Session(engine) as session:
        network, going = session.get_one(Network, "kept"), session.get_one(Network, "going")
        assert (network.unwanted, going.unwanted) == (False, True)
        assert session.exec(select(Address)).one().network_id == network.id
        assert session.exec(select(Proof)).one().network_id == network.id
    engine.dispose()


def insert_row(connection: Connection, table: Table, **told: str) -> None:
    """A row with `told`, and something in every other column that must not be empty."""
    something = {str: "x", int: 1, float: 1.0, bool: True, object: {}, datetime: datetime.now(UTC)}
    needed = {c.name: something[c.type.python_type] for c in table.columns if not c.nullable}
    connection.execute(table.insert().values(needed | told))


def test_the_database_file_is_private(engine: Engine, settings: Settings) -> None:
    assert "network" in inspect(engine).get_table_names()
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
