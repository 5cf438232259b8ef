"""Whose an API key is or was, by its id: the request log knows callers by nothing else.

A log is kept for 30 days, so the ids of keys that ended are kept as long.
"""

from datetime import timedelta

from sqlmodel import Session, col, delete, select

from webapp.models import Caller, FormerKey, Function, utc_now
from webapp.services.functions.callers.details import list_all

KEPT = timedelta(days=30)


def ended(session: Session, caller: Caller) -> None:
    """Remember its key, which is replaced or revoked now; to be committed with that."""
    mine = col(FormerKey.function_id) == caller.function_id
    old = col(FormerKey.ended_at) < utc_now() - KEPT
    session.connection().execute(delete(FormerKey).where(mine, old))
    if caller.api_key_id:
        former = FormerKey(
            api_key_id=caller.api_key_id, function_id=caller.function_id, caller=caller.name
        )
        session.merge(former)


def names(session: Session, function: Function) -> dict[str, str]:
    """The callers' names by the ids of their keys: those of now, then the last that ended."""
    mine = select(FormerKey).where(FormerKey.function_id == function.id)
    former = session.exec(mine.order_by(col(FormerKey.ended_at).desc())).all()
    now = {each.api_key_id: each.name for each in list_all(session, function) if each.api_key_id}
    return now | {each.api_key_id: each.caller for each in former if each.api_key_id not in now}
