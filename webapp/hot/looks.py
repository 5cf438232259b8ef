"""Looks at the database, for hot answers that are known but not fresh any more.

One at a time for the same answer and the same person; all who ask meanwhile wait for that one.
"""

import asyncio
from collections.abc import Hashable, Sequence
from typing import Any, Final, NamedTuple

import anyio
from anyio.lowlevel import RunVar
from fastapi import FastAPI, Request
from sqlmodel import Session

from webapp.browsers import bearer_token
from webapp.db import end_transactions
from webapp.deps import Needs, Parts, who_asks
from webapp.errors import EgretError, NotFound, Unauthenticated
from webapp.hot.cache import ANYBODY, HotCache, Moment, Slot, Who
from webapp.hot.requests import Asked, Headers
from webapp.hot.serving import who_is
from webapp.models import Role
from webapp.services import access

Peer = Sequence[Any] | None
"""The connection's address and port."""
THREADS: Final = 2
"""Beside those of the router."""
WAITING_MAX: Final = 100
"""Looks; more are left to the router, whose queue is bounded too."""
VIEWER: Final = Needs(Role.VIEWER)
REVOKED: Final = "The token is not known any more."

_threads: RunVar[anyio.CapacityLimiter] = RunVar("threads of hot answers")


class About(NamedTuple):
    """The answer that is wanted, and the request for it."""

    app: FastAPI
    cache: HotCache
    slot: Slot
    asked: Asked
    headers: Headers
    client: str
    begun: Moment
    peer: Peer = None

    @property
    def who(self) -> Hashable:
        return self.asked.who(self.slot.source.operation)

    def request(self) -> Request:
        scope = {"type": "http", "method": "GET", "path": self.slot.path, "query_string": b""}
        of_client = {"headers": self.headers, "client": (self.client, 0)}
        return Request({**scope, **of_client, "app": self.app, "state": {}})


class Looks:
    """Those that are under way in one process."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, asyncio.Task[bool]] = {}

    async def wait(self, about: About) -> bool:
        """Whether the answer is known to hold now. What does not is forgotten."""
        task = self.begin(about)
        return task is not None and await asyncio.shield(task)

    def begin(self, about: About) -> "asyncio.Task[bool] | None":
        """None when too many are under way."""
        key = id(about.slot), about.who
        task = self._begun.get(key)
        if task is None and len(self._begun) < WAITING_MAX:
            task = asyncio.get_running_loop().create_task(self._look(key, about))
            self._begun[key] = task
        return task

    async def _look(self, key: Hashable, about: About) -> bool:
        try:
            return await anyio.to_thread.run_sync(_holds, about, limiter=own_threads())
        finally:
            del self._begun[key]


def _holds(about: About) -> bool:
    """Ask who asks, as the router does, and for the newest version."""
    parts: Parts = about.app.state.parts
    try:
        with Session(parts.engine, expire_on_commit=False) as session:
            who = ANYBODY if about.slot.source.is_public else _look_who(about, session)
            about.slot.bring_up_to_date(session, in_browser=who.in_browser)
    except NotFound:
        about.cache.slots.pop(about.slot.address, None)
        return False
    except EgretError:
        about.cache.who.pop(about.who, None)
        return False
    except Exception:  # the router fails as well, and says so
        return False
    finally:
        end_transactions()
    about.cache.keep(about.slot)
    return True


def _look_who(about: About, session: Session) -> Who:
    begun, request = Moment.now(), about.request()
    token = bearer_token(request)
    if token is not None and not access.is_known(session, token):
        raise Unauthenticated(REVOKED)  # it is the router that counts wrong ones
    who = who_is(VIEWER.check(who_asks(request, session)))
    about.cache.who.put(about.who, (who, begun))
    return who


def own_threads() -> anyio.CapacityLimiter:
    """Of this loop."""
    limiter = _threads.get(None)
    if limiter is None:
        _threads.set(limiter := anyio.CapacityLimiter(THREADS))
    return limiter
