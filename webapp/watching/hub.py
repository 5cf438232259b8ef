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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from webapp.models import utc_now
from webapp.services import access
from webapp.watching.changes import Changes, changes_of
from webapp.watching.latest import Latest
from webapp.watching.marks import Key, Marks, marks_of
from webapp.watching.news import Had, News, Pages, View
from webapp.watching.readers import Reader, Watcher, is_reader

LOOK_S = 0.025
"""How often SQLite is asked whether there was a change, and how soon one more page is noticed."""
REST = 3
"""After a look, so many times as long as it took: looks take a quarter of the time at most."""
SESSIONS_S = 1.0
"""How often it is asked which sessions are open, if nothing is to be told, after a change."""
AFTER_ERROR_S = 1.0
PING_S = 15.0
PING = b": ping\n\n"
UNREAD = object()
"""The mark of a page that nobody has looked at yet; None is that of one that is not there."""

log = logging.getLogger("egret.watching")


@dataclass
class Topic:
    """A page, and who reads it. `is_behind`: one of them may have missed a change, or nobody knows
    yet when it changes by itself."""

    readers: set[Reader] = field(default_factory=set)
    mark: Any = UNREAD
    due_at: datetime | None = None
    is_behind: bool = True


@dataclass
class Seen:
    """Who watched what when a look began, and what there was to look for."""

    topics: dict[Key, Topic]
    watchers: list[Watcher]
    is_unread: bool
    is_unchecked: bool

    def marks(self, session: Session) -> Marks | None:
        """None while nothing has changed."""
        if not self.is_unread:
            return None
        return marks_of(session, {each.key for each in self.watchers})


class Hub:
    """Of one process. `engine` is its own, so that it never waits for a request's connection."""

    def __init__(
        self, engine: Engine, pages: Pages, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._pages, self._clock = engine, pages, clock
        self.latest = Latest(engine)
        """For those that do not watch, but ask again and again."""
        self._lock = Lock()
        self._watchers: set[Watcher] = set()
        self._topics: dict[Key, Topic] = {}
        self._thread: Thread | None = None
        self.version = 0
        """How many changes were noticed: take it before you read what a reader begins with."""
        self._is_unread = self._is_unchecked = self._is_behind = False
        self._checked_s = self._pinged_s = 0.0
        self._next_end: datetime | None = None
        self._due_at: datetime | None = None

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
            if is_reader(watcher):
                topic = self._topics.setdefault(watcher.key, Topic())
                topic.readers.add(watcher)
                topic.is_behind |= version != self.version
                self._is_behind |= topic.is_behind
            else:
                self._is_unread = True
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
            topic = self._topics.get(watcher.key)
            if topic and is_reader(watcher):
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
            except Exception as error:  # whatever it is, it is tried again
                if not is_told:
                    text = "open pages wait, because the database cannot be read: %s"
                    log.error(text, error, exc_info=not isinstance(error, errors))
                is_told, rest_s = True, AFTER_ERROR_S
                _closed(changes)
                changes = None
        _closed(changes)
        self._engine.dispose()

    def _is_watched(self) -> bool:
        with self._lock:
            if not self._watchers:
                self._thread = None
            return bool(self._watchers)

    def _look(self, is_changed: bool) -> None:
        if not is_changed and not self._must_look():
            return
        seen = self._begin(is_changed)
        try:
            with Session(self._engine, expire_on_commit=False) as session:
                self._look_with(session, seen)
        except BaseException:
            self._is_unread = self._is_unchecked = self._is_behind = True
            raise
        if self._clock() - self._pinged_s >= PING_S:
            self._pinged_s = self._clock()
            _deliver({each: News(PING, False) for each in seen.watchers if is_reader(each)})

    def _must_look(self) -> bool:
        flagged = self._is_unread or self._is_unchecked or self._is_behind
        is_due = self._due_at is not None and utc_now() >= self._due_at
        return flagged or is_due or self._clock() - self._pinged_s >= PING_S

    def _begin(self, is_changed: bool) -> Seen:
        with self._lock:
            self.version += is_changed
            seen = Seen(
                dict(self._topics),
                list(self._watchers),
                is_unread=is_changed or self._is_unread,
                is_unchecked=is_changed or self._is_unchecked,
            )
            self._is_unread = self._is_unchecked = self._is_behind = False
        return seen

    def _look_with(self, session: Session, seen: Seen) -> None:
        now, marks = utc_now(), seen.marks(session)
        due = [
            key
            for key, topic in seen.topics.items()
            if topic.is_behind
            or (topic.due_at and now >= topic.due_at)
            or (marks is not None and marks.get(key) != topic.mark)
        ]
        is_over = self._next_end is not None and now >= self._next_end
        is_late = self._clock() - self._checked_s >= SESSIONS_S
        if due or is_over or (seen.is_unchecked and is_late):
            self._end_sessions(session, seen.watchers)
        else:
            self._is_unchecked |= seen.is_unchecked
        if marks is not None:
            _end([each for each in seen.watchers if not is_reader(each) and each.key not in marks])
        for key in due:
            self._tell(session, key, seen.topics[key])
            if marks is not None:
                seen.topics[key].mark = marks.get(key)
        ends = [self._next_end, *(topic.due_at for topic in seen.topics.values())]
        self._due_at = min((each for each in ends if each), default=None)

    def _end_sessions(self, session: Session, watchers: list[Watcher]) -> None:
        """Of those whose session is over; what ends by itself is looked at again by then."""
        is_open = access.open_sessions(session, {each.session_id for each in watchers})
        self._checked_s, self._next_end = self._clock(), min(is_open.values(), default=None)
        _end([each for each in watchers if each.session_id not in is_open])

    def _tell(self, session: Session, key: Key, topic: Topic) -> None:
        with self._lock:
            readers, topic.is_behind = list(topic.readers), False
        if not readers:
            return
        try:
            view = self._pages.read(session, key, min(each.after for each in readers))
        except SQLAlchemyError:
            topic.is_behind = True
            raise
        topic.due_at = view.due_at if view else None
        try:
            _deliver(self._news(key, view, readers))
        except Exception:
            log.exception("the page /%s/%s cannot be followed", *key)
            _end(readers)

    def _news(self, key: Key, view: View | None, readers: list[Reader]) -> dict[Watcher, News]:
        """Made once for all who have the same."""
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
        return told


def _deliver(told: dict[Any, News]) -> None:
    def push(readers: list[Any]) -> None:
        for reader in readers:
            reader.push(told[reader].chunk, is_last=told[reader].is_last)

    _in_its_loop(list(told), push)


def _closed(changes: Changes | None) -> None:
    if changes:
        with suppress(Exception):  # it may be broken
            changes.close()


def _end(watchers: Sequence[Watcher]) -> None:
    _in_its_loop(watchers, lambda its: [each.end() for each in its])


def _in_its_loop(watchers: Sequence[Any], act: Callable[[list[Any]], object]) -> None:
    """There is one loop, but in tests."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Any]] = defaultdict(list)
    for watcher in watchers:
        by_loop[watcher.loop].append(watcher)
    for loop, its in by_loop.items():
        with suppress(RuntimeError):  # it has been closed
            loop.call_soon_threadsafe(act, its)
