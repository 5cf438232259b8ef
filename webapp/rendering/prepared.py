"""Parts of pages that are made of rows which never change, such as a snapshot or a stack's events.

They are made once and kept as strings, for as long as there is room for them.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from markupsafe import Markup

CHARS_MAX = 16_000_000


class Prepared:
    """The parts that were used last, of `chars_max` characters altogether."""

    def __init__(self, chars_max: int = CHARS_MAX) -> None:
        self._parts: OrderedDict[Hashable, Markup] = OrderedDict()
        self._chars, self._chars_max = 0, chars_max
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> Markup:
        """The part with that key, which names the rows that it is made of, and all else it shows.

        `make` renders it: its text is escaped already.
        """
        with self._lock:
            if key in self._parts:
                self._parts.move_to_end(key)
                return self._parts[key]
        made = Markup(make())  # noqa: S704 - rendered by a template, which escapes
        with self._lock:
            self._chars += len(made) - len(self._parts.pop(key, ""))
            self._parts[key] = made
            while self._chars > self._chars_max:
                self._chars -= len(self._parts.popitem(last=False)[1])
        return made


prepared = Prepared()
