"""What the hub needs to know of pages: how they are read, and what is new for whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlmodel import Session

from webapp.models import Role
from webapp.watching.marks import Key


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
