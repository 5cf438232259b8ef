"""What the database's driver finds, without what SQLAlchemy does for each execution.

It makes a context, a result and a description of its columns: for a small answer, four fifths of
the time. Events of statements and errors are SQLAlchemy's all the same.
"""

from typing import Any

from sqlalchemy import Connection


def fetch(connection: Connection, text: str, parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a SELECT, in the connection's transaction. Raises SQLAlchemyError."""
    cursor: Any = None
    try:
        cursor = connection.connection.cursor()
        about = connection, cursor, text, parameters, None, False
        connection.dispatch.before_cursor_execute(*about)
        cursor.execute(text, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        # There is no public way to its words, to its events, and to broken connections.
        connection._handle_dbapi_exception(error, text, parameters, cursor, None)
    return found
