"""An error of the database says what happened, without rows, whichever database it is."""

from traceback import format_exception

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from tests.postgresql import on_either_database
from webapp.db import HEARTBEAT
from webapp.models import User

QUOTED = "the hash of a password"
READ_ONLY = {"sqlite": "PRAGMA query_only = on", "postgresql": "SET TRANSACTION READ ONLY"}
READ_AND_WRITE = {"sqlite": "PRAGMA query_only = off"}


@on_either_database
def test_it_does_not_quote_the_row_that_was_refused(session: Session) -> None:
    """Nor does a traceback, which is logged when nobody expected the error."""
    nameless = {"id": "a", "name": None, "folded": "", "password_hash": QUOTED, "role": "viewer"}
    with pytest.raises(IntegrityError) as refused:
        session.connection().execute(insert(User), nameless)
    assert QUOTED not in "".join(format_exception(refused.value))
    assert "name" in str(refused.value.orig)


@on_either_database
def test_a_database_that_can_only_be_read_is_a_failure_and_no_mistake(engine: Engine) -> None:
    with engine.connect() as connection:
        kind = engine.dialect.name
        connection.exec_driver_sql(READ_ONLY[kind])
        with pytest.raises(OperationalError) as refused:
            connection.execute(text(HEARTBEAT))
        connection.rollback()
        if kind in READ_AND_WRITE:
            connection.exec_driver_sql(READ_AND_WRITE[kind])
    assert "read" in str(refused.value.orig)
    assert "\n" not in str(refused.value.orig)
