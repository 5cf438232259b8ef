"""The database: migrations make what the models say, and it is private."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect, text

from webapp.db import MIGRATIONS, make_engine, migrate
from webapp.settings import Settings


def test_the_migrations_make_exactly_what_the_models_say(settings: Settings) -> None:
    migrate(settings.database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = settings.database
    command.check(config)


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
