"""What every part of the `egret` command begins with: its settings and its database."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlmodel import Session

from webapp.db import migrate, temporary_engine
from webapp.errors import Invalid
from webapp.settings import Settings

ACTOR = "command line"


def read_settings() -> Settings:
    """Raises Invalid, which names those that are not valid."""
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])} {e['msg']}" for e in error.errors()
        )
        raise Invalid(f"invalid setting: {problems}") from None


@contextmanager
def database_session(settings: Settings) -> Iterator[Session]:
    """A session on an up-to-date schema: a command may run before `serve` ever did."""
    migrate(settings.database)
    with (
        temporary_engine(settings.database) as engine,
        Session(engine, expire_on_commit=False) as session,
    ):
        yield session
