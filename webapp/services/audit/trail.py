"""The events of the audit trail, a page at a time: by an index, however long the trail is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from webapp.models import AuditEvent

EXACT = ("actor", "action", "noun", "name", "result")


@dataclass(frozen=True)
class Wanted:
    """Which events: those that say exactly this, and happened between the two times.

    What is empty may be anything. `until` itself is no longer wanted.
    """

    actor: str = ""
    action: str = ""
    noun: str = ""
    name: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """For `where`; a filter by a result that does not exist finds nothing."""
        texts = [(name, getattr(self, name)) for name in EXACT]
        found = [getattr(AuditEvent, name) == text for name, text in texts if text]
        found += [col(AuditEvent.at) >= self.since] if self.since else []
        return found + ([col(AuditEvent.at) < self.until] if self.until else [])


EVERYTHING = Wanted()


def list_after(
    session: Session, event_id: int | None, *, limit: int, wanted: Wanted = EVERYTHING
) -> list[AuditEvent]:
    """At most `limit` events that came after the one with that id, oldest first.

    None begins with the first row, whatever its id: one that Egret has not written may have any.
    """
    query = select(AuditEvent).where(*wanted.conditions())
    if event_id is not None:
        query = query.where(col(AuditEvent.id) > event_id)
    return list(session.exec(query.order_by(col(AuditEvent.id)).limit(limit)))


def newest_first(
    session: Session, *, before: int | None, limit: int, wanted: Wanted = EVERYTHING
) -> list[AuditEvent]:
    """At most `limit` events that came before the one with that id; None is the newest."""
    query = select(AuditEvent).where(*wanted.conditions())
    if before is not None:
        query = query.where(col(AuditEvent.id) < before)
    return list(session.exec(query.order_by(col(AuditEvent.id).desc()).limit(limit)))
