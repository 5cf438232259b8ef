"""How many requests may work, and how many may wait for AWS or a partner, at once.

Each request has a thread of a pool (`webapp.capacity.threads`) while it works. Those that wait for
an answer from outside may not take them: a request takes a place with its first call, keeps it to
its end, and is told to come again if there is none; then nothing was asked. While it has a place,
its pool has one thread more. The background loop has threads of its own and needs no place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, local

from webapp.capacity import threads
from webapp.errors import Unavailable

PLACES = 40


class Outside:
    """The places of one process."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = BoundedSemaphore(places)
        self._here = local()

    @contextmanager
    def request(self) -> Iterator[None]:
        """This thread works for a request from here on, to the end of the outermost block."""
        if "has_place" in self._here.__dict__:
            yield
            return
        self._here.has_place = False
        try:
            yield
        finally:
            if self._here.__dict__.pop("has_place"):
                self._places.release()
                threads.add(-1)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While this thread waits for something that is not outside, another one may work."""
        threads.add(1)
        try:
            yield
        finally:
            threads.add(-1)

    def enter(self) -> None:
        """Before a call. Raises Unavailable when all places are taken."""
        if self._here.__dict__.get("has_place", True):  # or no request
            return
        if not self._places.acquire(blocking=False):
            raise Unavailable(
                "Too many requests wait for AWS or a partner at the moment.",
                remedy="Nothing was asked. Try again in a moment.",
            )
        self._here.has_place = True
        threads.add(1)


outside = Outside()
