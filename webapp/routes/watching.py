"""Work for somebody who watches ends with their session, wherever it was ended, within a second or
two; or with what they watch.

A new token of the same session does not end it: the password was typed once more elsewhere.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from sqlmodel import Session

from webapp.errors import Unauthenticated
from webapp.services import access
from webapp.watching.readers import Watcher

Result = TypeVar("Result")


class Over(Exception):
    """The session has ended, or the thing is deleted: the database says which."""


async def meanwhile(watcher: Watcher, work: Awaitable[Result]) -> Result:
    """What the work gives, unless there is nothing more to watch before. Raises Over."""
    task = asyncio.ensure_future(work)
    waited: set[asyncio.Future[Any]] = {task, watcher.ended}
    try:
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if watcher.ended.done():
            raise Over
        return task.result()
    finally:
        task.cancel()


def check(session: Session, session_id: str) -> None:
    """Raises Unauthenticated when the session has ended. To watch does not prolong it."""
    if not access.is_open(session, session_id):
        raise Unauthenticated("You are not signed in.", remedy="Sign in, then try again.")
