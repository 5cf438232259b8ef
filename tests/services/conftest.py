"""What the tests of services share besides the database and the embedded AWS."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.services.scripted import ScriptedAws
from webapp.aws import Cloud
from webapp.db import make_engine, migrate
from webapp.services.scope import CloudScope
from webapp.settings import Settings


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, to copy: each migration takes longer than most of these tests."""
    file = tmp_path_factory.mktemp("migrated") / "egret.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def engine(settings: Settings, database: str, migrated: Path) -> Iterator[Engine]:
    if database:
        migrate(database)
    else:
        shutil.copyfile(migrated, settings.data_dir / "egret.db")
    made = make_engine(settings.database)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def scripted_aws() -> ScriptedAws:
    """Made once: botocore takes a while to read the descriptions of its services."""
    return ScriptedAws()


@pytest.fixture
def aws(scripted_aws: ScriptedAws) -> ScriptedAws:
    scripted_aws.reset()
    return scripted_aws


@pytest.fixture
def scripted(session: Session, aws: ScriptedAws, settings: Settings) -> CloudScope:
    """A scope whose AWS answers by a script."""
    return CloudScope(session, "tests", aws.cloud, settings)


@pytest.fixture
def offline(session: Session, nowhere: Cloud, settings: Settings) -> CloudScope:
    """A scope whose AWS does not answer: what passes with it did not ask."""
    return CloudScope(session, "tests", nowhere, settings)
