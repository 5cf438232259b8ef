"""What every part of the `egret` command that uses the database begins with."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from webapp.db import temporary_engine
from webapp.settings import Settings
from webapp.starting import bring_up_to_date

ACTOR = "command line"


@contextmanager
def database_session(settings: Settings) -> Iterator[Session]:
    """A session on an up-to-date schema: a command may run before `serve` ever did."""
    bring_up_to_date(settings)
    with (
        temporary_engine(settings.database) as engine,
        Session(engine, expire_on_commit=False) as session,
    ):
        yield session
