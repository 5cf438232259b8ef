"""The answer to a page for which no thread is free, before the router: it is the same each time.

Whoever is refused may ask again at once, a thousand times a second. What that takes is taken from
those who are answered, so it has to be little, and the next request of the same connection is read
PAUSE_S later, whatever it asks for.
"""

from typing import Final
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders

from webapp.capacity.waiting import NEVER_REFUSED, Queue
from webapp.edge.lines import Line
from webapp.edge.middleware import complete, loggable
from webapp.edge.one_name import FOR_PROGRAMS
from webapp.edge.unexpected import busy_page
from webapp.errors import Busy
from webapp.hot.prepared import Answer

PAUSE_S: Final = 0.25


class Refusals:
    """`queue` knows whether it is full, and which hosts are those of our pages."""

    def __init__(self, queue: Queue, *, https: bool) -> None:
        self._queue, self._https = queue, https
        self._answer: Answer | None = None

    def at_once(
        self, method: str, address: bytes, host: bytes, client: str
    ) -> tuple[Answer, Line] | None:
        """None unless it is certain that the router would refuse it, too."""
        path = unquote(address.partition(b"?")[0].decode("ascii", "replace"))
        if path in NEVER_REFUSED or path.startswith(FOR_PROGRAMS):
            return None
        if host not in self._queue.hosts or not (error := self._queue.refusal(client)):
            return None
        self._answer = self._answer or self._made(error)
        return self._answer, Line(method, loggable(path), self._answer.status, client, "", "", "")

    def _made(self, error: Busy) -> Answer:
        made = busy_page(error)
        complete(MutableHeaders(raw=made.raw_headers), "/", made.status_code, https=self._https)
        return Answer(made.status_code, made.raw_headers, bytes(made.body))
