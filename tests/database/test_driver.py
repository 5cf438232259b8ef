"""What the driver finds by itself, with the events and the errors of SQLAlchemy."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.postgresql import on_either_database
from tests.routes.asking import counted
from tests.services.rows import a_network, add
from webapp.database.driver import fetch

NAMES = "SELECT name FROM network ORDER BY name"


@on_either_database
def test_rows_are_those_of_the_transaction_and_the_statement_is_noted(
    session: Session, engine: Engine
) -> None:
    add(session, a_network("b"), a_network("a"))
    with counted(engine) as statements:
        assert fetch(session.connection(), NAMES, ()) == [("a",), ("b",)]
    assert statements == [NAMES]


@on_either_database
def test_an_error_is_told_in_one_line_and_the_session_goes_on_after_a_rollback(
    session: Session,
) -> None:
    wrong = "SELECT a_secret FROM network"
    with pytest.raises(DBAPIError) as refused:
        fetch(session.connection(), wrong, ())
    assert "a_secret" in str(refused.value.orig)
    assert "\n" not in str(refused.value.orig)
    session.rollback()
    assert fetch(session.connection(), NAMES, ()) == []


@on_either_database
def test_a_connection_that_is_broken_is_not_used_again(session: Session, engine: Engine) -> None:
    connection = session.connection()
    driver = connection.connection.driver_connection
    assert driver
    if engine.dialect.name == "postgresql":  # as a server ends it; SQLite has none
        with engine.connect() as other:
            other.execute(text(f"SELECT pg_terminate_backend({driver.info.backend_pid})"))
        with pytest.raises(DBAPIError) as ended:
            fetch(connection, NAMES, ())
        assert ended.value.connection_invalidated
    session.rollback()
    add(session, a_network())
    assert fetch(session.connection(), NAMES, ()) == [("net",)]
