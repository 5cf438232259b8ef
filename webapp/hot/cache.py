"""What is known for a second: who may ask, and which answers are prepared.

An answer is sent from here only if the database was asked less than FRESH_S ago who asks and which
version is the newest one, and if this process has written nothing since that could change either.
So another replica's writes are seen within FRESH_S, and one's own at once.
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Generic, NamedTuple, TypeVar

from sqlmodel import Session

from webapp.db import generation
from webapp.edge.middleware import loggable
from webapp.hot.prepared import Prepared

FRESH_S: Final = 1.0
RENEWED_AFTER_S: Final = 0.5
"""From then on, an answer from here also begins a look at the database, for which nobody waits."""
WHO_MAX: Final = 4096
SLOTS_MAX: Final = 1024
HOSTS_MAX: Final = 16
SLOT_MAX_BYTES: Final = 1024 * 1024
"""Larger answers are rare, and made each time."""
ALL_MAX_BYTES: Final = 64 * 1024 * 1024

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Moment(NamedTuple):
    """When a look at the database began, and what this process had written by then."""

    at_s: float
    generation: int

    @classmethod
    def now(cls) -> "Moment":
        return cls(time.monotonic(), generation())

    def age_s(self, begun: "Moment") -> float:
        """For a request that began then: 0 after it; infinite once something was written."""
        if self.at_s >= begun.at_s:
            return 0
        return begun.at_s - self.at_s if begun.generation == self.generation else float("inf")


NEVER: Final = Moment(float("-inf"), -1)


@dataclass(frozen=True)
class Source:
    """How the answers of one route are made. Both take the session and the route's arguments.

    `version` is cheap, and another one whenever `make` would give something else; it raises
    NotFound where there is nothing. `make` is told whether it is for a browser.
    """

    operation: str
    version: Callable[..., Hashable]
    make: Callable[..., Prepared]
    is_public: bool = False
    is_file: bool = False
    """Nothing of it changes while the process runs."""


@dataclass(frozen=True)
class Who:
    """Somebody who may ask for the answers of a source, as the log names them."""

    name: str = ""
    role: str = ""
    in_browser: bool = False


ANYBODY: Final = Who()


@dataclass(frozen=True)
class State:
    """Of a slot: answers of one version, for browsers and for programs as far as they asked."""

    version: Hashable = None
    looked: Moment = NEVER
    answers: Mapping[bool, Prepared] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(each.encoded.size for each in self.answers.values())


@dataclass
class Slot:
    """The answers of one address. Its state is replaced whole: any thread may do it."""

    source: Source
    address: bytes
    path: str
    arguments: tuple[object, ...]
    template: str = ""
    """The path of its route, for spans."""
    hosts: set[bytes] = field(default_factory=set)
    """Of requests that the router has answered: it decides which ones there are."""
    state: State = State()

    @cached_property
    def shown(self) -> str:
        """Its path in the log."""
        return loggable(self.path)

    def answered_by(self, host: bytes) -> None:
        """The router has answered it to a request for that host."""
        if len(self.hosts) >= HOSTS_MAX:
            self.hosts.clear()
        self.hosts.add(host)

    def bring_up_to_date(self, session: Session, *, in_browser: bool) -> Prepared:
        """Look which version is the newest one, and make its answer if that has not been done.

        Raises NotFound.
        """
        looked, known = Moment.now(), self.state
        version = self.source.version(session, *self.arguments)
        answers = known.answers if version == known.version else {}
        if in_browser not in answers:
            made = self.source.make(session, *self.arguments, in_browser=in_browser)
            answers = {**answers, in_browser: made}
        self.state = State(version, looked, answers)
        return answers[in_browser]


class Bounded(dict[Key, Kept], Generic[Key, Kept]):
    """At most so many; who is put in first goes first."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def put(self, key: Key, kept: Kept) -> None:
        self.pop(key, None)
        while len(self) >= self._most:
            self.pop(next(iter(self)), None)
        self[key] = kept


class HotCache:
    """Of one process. Threads put in, the loop looks up."""

    def __init__(self) -> None:
        self.slots: Bounded[bytes, Slot] = Bounded(SLOTS_MAX)
        self.who: Bounded[Hashable, tuple[Who, Moment]] = Bounded(WHO_MAX)

    def keep(self, slot: Slot) -> None:
        """For the next one who asks."""
        if slot.state.size > SLOT_MAX_BYTES:
            self.slots.pop(slot.address, None)
            return
        self.slots.put(slot.address, slot)
        while sum(each.state.size for each in list(self.slots.values())) > ALL_MAX_BYTES:
            self.slots.pop(next(iter(self.slots)), None)
