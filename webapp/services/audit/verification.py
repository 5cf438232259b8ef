"""Whether the audit trail is as it was written.

It finds a row that was edited, removed, added or put elsewhere, and an end that was cut off. Who
can write the database can also make the whole chain anew: that shows only by a hash that was noted
elsewhere before, such as the last one of an export.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DataError
from sqlmodel import Session

from webapp.errors import Conflict
from webapp.models import AuditEvent, AuditHead
from webapp.models.audit_event import GENESIS
from webapp.services.audit.trail import list_after

PAGE = 1_000
"""Rows that are in memory at once."""
UNREADABLE = (ValueError, DataError)
"""The second one is PostgreSQL's driver's, for a time such as `infinity`."""
REMEDY = "Compare it with an export or a backup, and find out who wrote to the database."


@dataclass(frozen=True)
class Verified:
    """How many rows there are, and the hash of the last one, to be noted elsewhere."""

    rows: int
    head: str


def verify(engine: Engine, *, noted: str = "", page: int = PAGE) -> Verified:
    """Read the whole trail once, while others may add to it.

    `noted` is the hash of some row, which must still be there. Raises Conflict for the first row
    that is wrong.
    """
    rows, last_hash, is_found = 0, GENESIS, noted in ("", GENESIS)
    for event in _rows(engine, page):
        _check(event, after=last_hash)
        rows, last_hash = rows + 1, event.hash
        is_found = is_found or last_hash == noted
    if not is_found:
        raise _broken(f"No row of the audit trail has the hash {noted}: the trail was made anew.")
    return Verified(rows, last_hash)


def _check(event: AuditEvent, *, after: str) -> None:
    if event.previous_hash != after:
        raise _broken(
            f"Row {event.id} of the audit trail does not follow the row before it: a row was "
            "removed, added or put elsewhere."
        )
    if event.hash != event.digest():
        raise _broken(f"Row {event.id} of the audit trail was edited.")


def _rows(engine: Engine, page: int) -> Iterator[AuditEvent]:
    """Every row in order, up to the one that the head names.

    When there is no further row and the head is ahead, rows were written in between: one more look
    must find them.
    """
    last_id: int | None = None
    last_hash, is_behind = GENESIS, False
    while True:
        with Session(engine) as session:
            found = _page(session, last_id, page)
            head = None if found else session.get(AuditHead, 1)
        yield from found
        if found:
            last_id, last_hash, is_behind = found[-1].id, found[-1].hash, False
        elif head and (head.last_id, head.hash) == (last_id or 0, last_hash):
            return
        elif is_behind or head is None or head.last_id <= (last_id or 0):
            end = f"row {head.last_id} with the hash {head.hash[:8]}…" if head else "no row"
            raise _broken(
                f"The audit trail ends with row {last_id or 0}, but its head says {end}: rows were "
                "removed from the end, or added, or the head was edited."
            )
        else:
            is_behind = True


def _page(session: Session, last_id: int | None, page: int) -> list[AuditEvent]:
    """What cannot even be read, such as a time that is none, is found one by one."""
    try:
        return list_after(session, last_id, limit=page)
    except UNREADABLE:
        session.rollback()
    try:
        return list_after(session, last_id, limit=1)
    except UNREADABLE:
        raise _broken(f"The row after row {last_id or 0} cannot be read: it was edited.") from None


def _broken(detail: str) -> Conflict:
    return Conflict(detail, code="audit_chain_broken", remedy=REMEDY)
