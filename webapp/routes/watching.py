"""Streams end with the session of who watches, wherever it was ended, within seconds.

A new token of the same session does not end them: the password was typed once more elsewhere.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from webapp.deps import Context
from webapp.errors import Unauthenticated
from webapp.services import access

CHECK_S = 1.0
Result = TypeVar("Result")


@dataclass(frozen=True)
class Watching:
    """Whose session a stream is for."""

    engine: Engine
    session_id: str

    @classmethod
    def of(cls, ctx: Context) -> "Watching":
        return cls(ctx.parts.engine, ctx.own.id if ctx.own else "")

    def check(self) -> None:
        """Raises Unauthenticated when the session has ended. To watch does not prolong it."""
        with Session(self.engine) as session:
            if not access.is_open(session, self.session_id):
                raise Unauthenticated("You are not signed in.", remedy="Sign in, then try again.")

    async def meanwhile(self, work: Awaitable[Result]) -> Result:
        """What the work gives, unless the session ends before it does. Raises Unauthenticated."""
        task = asyncio.ensure_future(work)
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=CHECK_S)
                with suppress(NoConnection, OperationalError):  # it can be read again later
                    await asyncio.to_thread(self.check)
                if done:
                    return task.result()
        finally:
            task.cancel()
