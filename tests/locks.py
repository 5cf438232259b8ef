"""A boto3 session that refuses to call AWS while this thread holds a connection of the database.

A call may take a minute, and everybody else would wait for the connection, or for SQLite's lock.
"""

from threading import current_thread, get_ident
from typing import Any

import boto3
from sqlalchemy import event
from sqlalchemy.pool import Pool

from webapp.aws.clients import PARALLEL

_checked_out: dict[int, tuple[int, object]] = {}


@event.listens_for(Pool, "checkout")
def _check_out(connection: object, *_: object) -> None:
    _checked_out[id(connection)] = (get_ident(), connection)


@event.listens_for(Pool, "invalidate")
@event.listens_for(Pool, "checkin")
def _check_in(connection: object, *_: object) -> None:
    _checked_out.pop(id(connection), None)


def watched(session: boto3.Session) -> boto3.Session:
    session.events.register("before-send", refuse_while_held)
    return session


def refuse_while_held(**_: Any) -> None:
    """A thread of a pool holds none itself: there the one that waits for it counts."""
    asking = current_thread().name.partition("_")[0]
    starter = int(asking.removeprefix(PARALLEL)) if asking.startswith(PARALLEL) else get_ident()
    for thread, _connection in list(_checked_out.values()):
        assert thread != starter, "AWS is called while the database is held"
