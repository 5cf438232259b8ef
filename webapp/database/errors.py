"""What errors of PostgreSQL become, before anybody catches or logs them."""

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError

UNUSABLE = ("25006", "25P03")
"""Read-only, as a server is that takes over, and a transaction that was idle for too long
(https://www.postgresql.org/docs/current/errcodes-appendix.html). The driver calls both internal."""


def plain(context: ExceptionContext) -> Exception | None:
    """For `handle_error`. Leaves the first line of what the database said: further ones quote the
    statement, and the whole row that was refused.

    Gives an OperationalError instead of what the driver calls internal and is no mistake of ours.
    """
    error = context.original_exception
    first = str(error).partition("\n")[0]
    error.args = (first,)
    told = context.sqlalchemy_exception
    if not isinstance(told, DBAPIError):
        return None
    if getattr(error, "sqlstate", None) in UNUSABLE:
        return OperationalError(context.statement, None, error, hide_parameters=True)
    told.args = (f"({type(error).__name__}) {first}",)
    return None
