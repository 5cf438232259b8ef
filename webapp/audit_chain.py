"""Chains what is added to the audit trail, at the end of the transaction that makes the change.

An event that was added to a session waits there until the session commits. Then everything else is
flushed, the row `audit_head` is locked, the events get their numbers and hashes, and the commit
follows at once. So the order of the chain is the order of the commits, on any number of replicas,
and since nothing is locked after the head, no two transactions wait for each other. What is rolled
back leaves nothing.
"""

from sqlalchemy import event, insert, update
from sqlalchemy.orm import Session, SessionTransaction
from sqlmodel import col

from webapp.db import AT_COMMIT
from webapp.models import AuditEvent, AuditHead


def _set_aside(session: Session, *_: object) -> None:
    """Before a flush, which may come long before the commit."""
    for added in [each for each in session.new if isinstance(each, AuditEvent)]:
        session.expunge(added)
        session.info.setdefault(AT_COMMIT, []).append(added)


def _chain(session: Session) -> None:
    session.flush()
    added: list[AuditEvent] = session.info.pop(AT_COMMIT, [])
    if not added:
        return
    connection = session.connection()
    taken = update(AuditHead).values(last_id=AuditHead.last_id + len(added))
    head = col(AuditHead.last_id), col(AuditHead.hash)
    last_id, last_hash = connection.execute(taken.returning(*head)).one()
    for number, each in enumerate(added, start=last_id - len(added) + 1):
        each.id, each.previous_hash = number, last_hash
        each.hash = last_hash = each.digest()
    connection.execute(insert(AuditEvent), [each.model_dump() for each in added])
    connection.execute(update(AuditHead).values(hash=last_hash))


def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(AT_COMMIT, None)


event.listen(Session, "before_flush", _set_aside)
event.listen(Session, "before_commit", _chain)
event.listen(Session, "after_transaction_end", _forget)
