"""Parts of pages that are kept as strings under a key that has all that they show, for as long as
there is room for them: what is made of rows that never change, and the rows of lists.

A row of a list is made of its key alone, so it cannot show what the key has not: neither anything
of the request, nor who asks, but for their role where a row depends on it. Whatever changes is in
another key. What fifty people see is made once.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache, partial
from threading import Lock
from typing import Any

from markupsafe import Markup

from webapp.models import Role
from webapp.rendering.readers import Reader
from webapp.rendering.templating import NOTHING, environment, showing

CHARS_MAX = 16_000_000
"""Of all parts with their keys."""
KEY_CHARS = 50
"""What a value of a key takes beside its text."""


class Prepared:
    """The parts that were used lately, of `chars_max` characters altogether.

    They are in two halves: what is used in the older one moves to the newer one; when that is full,
    it becomes the older one, whose parts are dropped. So looking for a part writes nothing, and
    needs no lock.
    """

    def __init__(self, chars_max: int = CHARS_MAX) -> None:
        self._new: dict[Hashable, Markup] = {}
        self._old: dict[Hashable, Markup] = {}
        self._chars, self._half_max = 0, chars_max // 2
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> Markup:
        """The part with that key, which names the rows that it is made of, and all else it shows.

        `make` renders it: its text is escaped already.
        """
        if found := self._new.get(key):
            return found
        found = self._old.get(key)
        made = Markup(make()) if found is None else found  # noqa: S704 - rendered by a template
        self._keep(key, made)
        return made

    def rows(
        self,
        template: str,
        rows: Iterable[tuple[Any, ...]],
        role: Role | None = None,
        *,
        said: Mapping[str, Mapping[str, str]] = NOTHING,
    ) -> Markup:
        """The rows of a list: each by the template's macro `drawn`, which knows the row, and what
        that role may do.

        A row is a tuple of texts, numbers and tuples, and says more only by what follows from them.
        `said` is what a form said about a row, by its id: that one is made anew, with these names.
        """
        parts, rights = [], str(role or "")
        for row in rows:
            if said and (names := said.get(row[0])):
                parts.append(_drawn(template, row, role, **names))
            else:
                key = template, rights, tuple(row)
                parts.append(self.get(key, partial(_drawn, template, row, role)))
        return Markup("\n".join(parts))  # noqa: S704 - rendered by a template

    def _keep(self, key: Hashable, made: Markup) -> None:
        chars = len(made) + _chars_of(key)
        with self._lock:
            if key in self._new or chars > self._half_max:
                return
            if self._chars + chars > self._half_max:
                self._old, self._new, self._chars = self._new, {}, 0
            self._new[key] = made
            self._chars += chars


def _chars_of(key: Any) -> int:
    """About as much memory as the key takes."""
    if isinstance(key, tuple):
        return sum(map(_chars_of, key))
    return KEY_CHARS + (len(key) if isinstance(key, str) else 0)


def _drawn(template: str, row: tuple[Any, ...], role: Role | None, **names: str) -> str:
    module: Any = environment().get_template(template).module
    with showing(_reader(role)):
        return str(module.drawn(row, **names))


@cache
def _reader(role: Role | None) -> Mapping[str, Any]:
    """All that is known of who is shown a row."""
    return {"user": Reader(role)} if role else NOTHING


prepared = Prepared()
