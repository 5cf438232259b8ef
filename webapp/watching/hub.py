"""One look at the database for all pages of this process that follow what changes.

A thread of its own learns of changes (`webapp.watching.changes`) while anybody watches. After a
change it reads a mark for each page, and whole those whose mark is another one; what is new is made
once for all who have the same role, and handed to the loop, which sends it. So an open page costs
memory, but no thread, no connection of the database, and no time while nothing changes.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from webapp.models import Role, utc_now
from webapp.services import access
from webapp.watching.changes import Changes, changes_of
from webapp.watching.marks import Key, marks_of
from webapp.watching.readers import Reader, Watcher

LOOK_S = 0.05
"""How often SQLite is asked whether there was a change, and how soon one more page is noticed."""
REST = 3
"""After a look, so many times as long as it took: looks take a quarter of the time at most."""
SESSIONS_S = 1.0
"""How often it is asked which sessions are open, if nothing is to be told, after a change."""
AFTER_ERROR_S = 1.0
PING_S = 15.0
PING = b": ping\n\n"

log = logging.getLogger("egret.watching")


class View(Protocol):
    """What a page shows now. `state` is another one whenever that is more than new events.

    `due_at`: when it changes although nothing is committed; None if it does not.
    """

    @property
    def state(self) -> Any: ...
    @property
    def newest(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Had:
    """What a page has, and who looks at it."""

    after: int
    state: Any
    role: Role


@dataclass(frozen=True)
class News:
    """`is_last`: nothing more will come."""

    chunk: bytes
    is_last: bool


class Pages(Protocol):
    """What knows the pages: `webapp.routes.pages.streams`."""

    def read(self, session: Session, key: Key, after: int) -> View | None:
        """With the events after the one with that id; None when the thing is deleted."""

    def news(self, key: Key, view: Any, had: Had) -> News:
        """What a page needs that has that; `view` is what was read."""


@dataclass
class Topic:
    """A page, and who reads it. `is_behind`: one of them may have missed a change."""

    readers: set[Reader] = field(default_factory=set)
    mark: Any = None
    due_at: datetime | None = None
    is_behind: bool = False


class Hub:
    """Of one process. `engine` is its own, so that it never waits for a request's connection."""

    def __init__(
        self, engine: Engine, pages: Pages, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._pages, self._clock = engine, pages, clock
        self._lock = Lock()
        self._watchers: set[Watcher] = set()
        self._topics: dict[Key, Topic] = {}
        self._thread: Thread | None = None
        self.version = 0
        """How many changes were noticed: take it before you read what a reader begins with."""
        self._is_unread = self._is_unchecked = False
        self._checked_s = self._pinged_s = 0.0
        self._next_end: datetime | None = None

    @contextmanager
    def joined(self, watcher: Watcher) -> Iterator[None]:
        """For as long as the block lasts."""
        self.join(watcher)
        try:
            yield
        finally:
            self.leave(watcher)

    def join(self, watcher: Watcher, version: int = 0) -> None:
        """It is told everything that was committed after that version, until it leaves."""
        with self._lock:
            self._watchers.add(watcher)
            self._is_unchecked = True
            if isinstance(watcher, Reader):
                topic = self._topics.setdefault(watcher.key, Topic())
                topic.readers.add(watcher)
                topic.is_behind = topic.is_behind or version != self.version
            if self._thread is None:
                self._thread = Thread(target=self._run, name="watching", daemon=True)
                self._thread.start()

    @property
    def is_awake(self) -> bool:
        """While anybody watches."""
        return self._thread is not None

    def leave(self, watcher: Watcher) -> None:
        with self._lock:
            self._watchers.discard(watcher)
            topic = self._topics.get(watcher.key) if isinstance(watcher, Reader) else None
            if topic and isinstance(watcher, Reader):
                topic.readers.discard(watcher)
                if not topic.readers:
                    del self._topics[watcher.key]

    def _run(self) -> None:
        changes: Changes | None = None
        errors = (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error)
        rest_s, is_told = 0.0, False
        while self._is_watched():
            try:
                time.sleep(rest_s)
                is_changed = changes.wait(LOOK_S) if changes else True
                changes = changes or changes_of(self._engine)
                begun_s = time.monotonic()
                self._look(is_changed)
                rest_s, is_told = (time.monotonic() - begun_s) * REST, False
            except errors as error:
                if not is_told:
                    log.error("the database cannot be read; open pages wait for it: %s", error)
                is_told, rest_s = True, AFTER_ERROR_S
                if changes:
                    changes.close()
                changes = None
        if changes:
            changes.close()
        self._engine.dispose()

    def _is_watched(self) -> bool:
        with self._lock:
            if not self._watchers:
                self._thread = None
            return bool(self._watchers)

    def _look(self, is_changed: bool) -> None:
        if is_changed:
            with self._lock:
                self.version += 1
                self._is_unread = self._is_unchecked = True
        with self._lock:
            topics, watchers = dict(self._topics), list(self._watchers)
        with Session(self._engine, expire_on_commit=False) as session:
            marks = marks_of(session, topics) if self._is_unread else {}
            now = utc_now()
            due = {
                key: topic
                for key, topic in topics.items()
                if topic.is_behind
                or (topic.due_at and now >= topic.due_at)
                or (self._is_unread and marks.get(key) != topic.mark)
            }
            if due or self._must_check(now):
                self._end_sessions(session, watchers)
            for key, topic in due.items():
                self._tell(session, key, topic)
                if self._is_unread:
                    topic.mark = marks.get(key)
        self._is_unread = False
        if self._clock() - self._pinged_s >= PING_S:
            self._pinged_s = self._clock()
            _deliver({each: News(PING, False) for each in watchers if isinstance(each, Reader)})

    def _must_check(self, now: datetime) -> bool:
        if self._next_end and now >= self._next_end:
            return True
        return self._is_unchecked and self._clock() - self._checked_s >= SESSIONS_S

    def _end_sessions(self, session: Session, watchers: list[Watcher]) -> None:
        """Of those whose session is over; what ends by itself is looked at again by then."""
        self._is_unchecked = False
        is_open = access.open_sessions(session, {each.session_id for each in watchers})
        self._checked_s, self._next_end = self._clock(), min(is_open.values(), default=None)
        over = [each for each in watchers if each.session_id not in is_open]
        _in_its_loop(over, lambda ended: [each.end() for each in ended])

    def _tell(self, session: Session, key: Key, topic: Topic) -> None:
        with self._lock:
            readers, topic.is_behind = list(topic.readers), False
        try:
            self._send_news(session, key, topic, readers)
        except SQLAlchemyError:
            topic.is_behind = True
            raise
        except Exception:
            log.exception("the page /%s/%s cannot be followed", *key)
            _in_its_loop(readers, lambda ended: [each.end() for each in ended])

    def _send_news(self, session: Session, key: Key, topic: Topic, readers: list[Reader]) -> None:
        if not readers:
            return
        view = self._pages.read(session, key, min(each.after for each in readers))
        topic.due_at = view.due_at if view else None
        made: dict[Had, News] = {}
        told: dict[Watcher, News] = {}
        for reader in readers:
            had = Had(reader.after, reader.sent, reader.role)
            if had not in made:
                made[had] = self._pages.news(key, view, had)
            if made[had].chunk:
                told[reader] = made[had]
            if view:
                reader.after, reader.sent = max(reader.after, view.newest), view.state
        _deliver(told)


def _deliver(told: dict[Any, News]) -> None:
    def push(readers: list[Any]) -> None:
        for reader in readers:
            reader.push(told[reader].chunk, is_last=told[reader].is_last)

    _in_its_loop(list(told), push)


def _in_its_loop(watchers: list[Any], act: Callable[[list[Any]], object]) -> None:
    """There is one loop, but in tests."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Any]] = defaultdict(list)
    for watcher in watchers:
        by_loop[watcher.loop].append(watcher)
    for loop, its in by_loop.items():
        with suppress(RuntimeError):  # it has been closed
            loop.call_soon_threadsafe(act, its)
