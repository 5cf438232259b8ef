"""How many streams may be open, of one session and in one process.

Each costs a connection and memory, and no more while nothing changes (`webapp.watching`). A page
that gets no place says so, and is loaded again every few seconds instead.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from webapp.errors import Busy

STREAMS_MAX = 1500
OF_SESSION_MAX = 20


class StreamPlaces:
    """The places of one process; only its loop takes and gives them."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def hold(self, session_id: str) -> Iterator[None]:
        """For as long as a stream is open. Raises Busy."""
        self.take(session_id)
        try:
            yield
        finally:
            self.give_back(session_id)

    def take(self, session_id: str) -> None:
        """Raises Busy."""
        if self._open[session_id] >= OF_SESSION_MAX:
            raise _busy(f"{OF_SESSION_MAX} of your pages are live")
        if self._open.total() >= STREAMS_MAX:
            raise _busy(f"{STREAMS_MAX:,} pages of all users are live")
        self._open[session_id] += 1

    def give_back(self, session_id: str) -> None:
        self._open[session_id] -= 1
        if not self._open[session_id]:
            del self._open[session_id]

    @property
    def taken(self) -> int:
        return self._open.total()


def _busy(why: str) -> Busy:
    return Busy(f"{why}, which is the maximum.", code="too_many_streams")
