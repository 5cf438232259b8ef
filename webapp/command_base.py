"""What every part of the `egret` command begins with: its settings and its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from webapp.db import migrate, temporary_engine
from webapp.errors import Invalid, Unavailable
from webapp.settings import Settings

ACTOR = "command line"
OF_A_RULE = "Value error, "
"""How pydantic begins the message of a rule of our own."""


def read_settings() -> Settings:
    """From the environment. Raises Invalid, which says what to set."""
    try:
        return Settings()
    except ValidationError as error:
        text = "; ".join(_problem(found) for found in error.errors())
    except SettingsError as error:
        text = f"{error}. It must be JSON."
    raise Invalid(f"invalid setting: {text}")


def _problem(found: Any) -> str:
    """A rule of our own says itself which variable to set."""
    message = str(found["msg"])
    if message.startswith(OF_A_RULE):
        return message.removeprefix(OF_A_RULE)
    return f"set EGRET_{str(found['loc'][0]).upper()} to another value: {message}"


def bring_up_to_date(settings: Settings) -> None:
    """Migrate the database, or raise Unavailable.

    Whatever the database answers here is about the database, and not about a mistake of ours.
    """
    try:
        migrate(settings.database)
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise Unavailable(
            f"the database cannot be used: {cause}.", remedy=f"Check {database_setting()}."
        ) from error


def database_setting() -> str:
    """The variable that says where the database is."""
    return "EGRET_DATABASE_URL" if os.environ.get("EGRET_DATABASE_URL") else "EGRET_DATA_DIR"


@contextmanager
def database_session(settings: Settings) -> Iterator[Session]:
    """A session on an up-to-date schema: a command may run before `serve` ever did."""
    bring_up_to_date(settings)
    with (
        temporary_engine(settings.database) as engine,
        Session(engine, expire_on_commit=False) as session,
    ):
        yield session
