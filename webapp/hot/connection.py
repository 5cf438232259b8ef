"""Hot answers at the server's connections: written while the request is read, without a task."""

from collections.abc import Sequence
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from webapp.hot.prepared import Sent


class AtOnce(Protocol):
    """What `webapp.hot.front.Front` is for a connection."""

    def at_once(
        self,
        method: bytes,
        address: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        peer: Sequence[Any] | None,
    ) -> Sent | None:
        """The answer to a request without a body; None: the application answers."""


class HotConnection(HttpToolsProtocol):
    """`was_at_once`: the request that is being read is answered already."""

    was_at_once = False

    def answer_at_once(self, front: AtOnce | None) -> bool:
        """Called after a request's headers. An earlier one that waits for its answer comes first.

        What is unusual for the connection, such as its end, or a client that does not read, is left
        to uvicorn.
        """
        if front is None or self.pipeline or (self.cycle and not self.cycle.response_complete):
            return False
        if self.flow.write_paused or self.transport.is_closing():
            return False
        parser = self.parser
        if parser.get_http_version() != "1.1" or not parser.should_keep_alive():
            return False
        method = parser.get_method()
        sent = front.at_once(method, self.url, self.headers, self.client)
        if sent is None:
            return False
        self._write(sent, b"" if method == b"HEAD" else sent.answer.body)
        if sent.pause_s:
            self.flow.pause_reading()
            self.loop.call_later(sent.pause_s, self.flow.resume_reading)
        self.was_at_once = True
        return True

    def _write(self, sent: Sent, body: bytes) -> None:
        own = [*self.server_state.default_headers, *sent.own]
        lines = [b"%s: %s\r\n" % header for header in own]
        self.transport.write(b"".join((sent.answer.head, *lines, b"\r\n", body)))
        self.server_state.total_requests += 1
