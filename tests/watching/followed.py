"""A network's page that is followed, as the hub knows it, without HTTP."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlmodel import Session

from webapp.db import make_engine
from webapp.models import Role, User
from webapp.routes.pages.streams import NOTHING, StreamedPages, View
from webapp.services import access
from webapp.settings import Settings
from webapp.watching.hub import Hub
from webapp.watching.marks import Key
from webapp.watching.news import Had, News
from webapp.watching.readers import Reader

NAME = "watched"
KEY = ("networks", NAME)
LIMIT_S = 10.0


class Counted(StreamedPages):
    """Counts what is read and made."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.reads = self.made = 0

    def read(self, session: Session, key: Key, after: int) -> View | None:
        self.reads += 1
        return super().read(session, key, after)

    def news(self, key: Key, view: View | None, had: Had) -> News:
        self.made += 1
        return super().news(key, view, had)


class Page:
    """One that is open. `is_slow`: its browser does not read what it is sent."""

    def __init__(self, session_id: str, after: int = 0, role: Role = Role.VIEWER) -> None:
        self.heard, self.is_slow = "", False
        self.reader = Reader(session_id, KEY, role)
        self.reader.after, self.reader.sent = after, NOTHING
        self.reader.write = self._hear

    def _hear(self, chunk: bytes) -> bool:
        self.heard += "" if self.is_slow else chunk.decode()
        return not self.is_slow

    @property
    def is_over(self) -> bool:
        return self.reader.ended.done()


class Replica:
    """A replica's hub, and pages that are open at it."""

    def __init__(self, settings: Settings, clock: Callable[[], float] | None = None) -> None:
        self.pages = Counted(settings)
        engine = make_engine(settings.database)
        self.hub = Hub(engine, self.pages, clock) if clock else Hub(engine, self.pages)

    @contextmanager
    def open(self, *pages: Page) -> Iterator[None]:
        for page in pages:
            self.hub.join(page.reader)
        try:
            yield
        finally:
            for page in pages:
                self.hub.leave(page.reader)


def signed_in(session: Session, name: str = "ada") -> str:
    """The id of a session of somebody new."""
    user = User(name=name, password_hash="of a test")
    session.add(user)
    session.commit()
    access.open_session(session, user)
    (own,) = access.sessions_of(session, user)
    return own.id


async def heard(text: str, *pages: Page, times: int = 1) -> None:
    """Wait until each of the pages was told that so many times."""
    await until(lambda: all(page.heard.count(text) == times for page in pages))


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not done():
            await asyncio.sleep(0.01)
