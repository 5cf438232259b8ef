"""Hot answers at the server's connections: written when requests are read, without a task."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from webapp.hot.cache import Bounded
from webapp.hot.prepared import Sent
from webapp.hot.requests import Head

HEADS_MAX: Final = 512
HEAD_MAX_BYTES: Final = 2048
"""Of one that is remembered; those of browsers have some 900."""
TOGETHER_MAX_BYTES: Final = 256 * 1024


class AtOnce(Protocol):
    """What `webapp.hot.front.Front` is for a connection."""

    def at_once(self, head: Head, peer: Sequence[Any] | None) -> Sent | None:
        """The answer to a request without a body; None: the application answers."""


class Outbox:
    """Answers that are written together, once all requests that have arrived are read.

    A client that waits is woken by each answer, which takes a third of the CPU time of a hot one.
    By many, it is woken once.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Transport, bytes] = {}
        self._size = 0

    def put(self, transport: asyncio.Transport, answer: bytes) -> None:
        """One at a time for each connection."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.send)
        self._waiting[transport] = answer
        self._size += len(answer)
        if self._size >= TOGETHER_MAX_BYTES:
            self.send()

    def send(self) -> None:
        """Called, too, before anything else is done with a connection that may have one."""
        waiting, self._waiting, self._size = self._waiting, {}, 0
        for transport, answer in waiting.items():
            transport.write(answer)

    def send_if_of(self, transport: asyncio.Transport) -> None:
        """The same, if there is one for this connection."""
        if transport in self._waiting:
            self.send()


class HotConnection(HttpToolsProtocol):
    """`heads` and `outbox` are of all connections of a server.

    A client asks for the same again and again, in the same words. What was one request, and was
    answered at once, need not be parsed again: `heads` has it by its bytes.
    """

    heads: Bounded[bytes, Head]
    outbox: Outbox
    answered: Head | None = None
    """The request that was read last, if it was answered at once."""
    begun = 0
    """Requests of which the first byte has come."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.answered = None
        self.begun += 1

    def answer_known(self, front: AtOnce | None, data: bytes) -> bool:
        """Answer `data`, if it is a request that is known. Called between two requests."""
        head = self.heads.get(data)
        if head is None or not self._answer(front, head):
            return False
        self._unset_keepalive_if_required()
        return True

    def answer_at_once(self, front: AtOnce | None) -> bool:
        """Called after a request's headers. What is its connection's last one is uvicorn's."""
        parser = self.parser
        if parser.get_http_version() != "1.1" or not parser.should_keep_alive():
            return False
        head = Head(parser.get_method(), self.url, self.headers)
        if self._answer(front, head):
            self.answered = head
        return self.answered is not None

    def remember(self, data: bytes, begun: int) -> None:
        """Called between two requests, after `data`; `begun` as it was before, between two, too."""
        if self.answered and self.begun == begun + 1 and len(data) <= HEAD_MAX_BYTES:
            self.heads.put(data, self.answered)

    def _answer(self, front: AtOnce | None, head: Head) -> bool:
        """An earlier request that waits for its answer comes first.

        What is unusual for the connection, such as its end, or a client that does not read, is left
        to uvicorn.
        """
        if front is None or self.pipeline or (self.cycle and not self.cycle.response_complete):
            return False
        self.outbox.send_if_of(self.transport)
        if self.flow.write_paused or self.transport.is_closing():
            return False
        sent = front.at_once(head, self.client)
        if sent is None:
            return False
        self._write(sent, b"" if head.method == b"HEAD" else sent.answer.body)
        if sent.pause_s:
            self.flow.pause_reading()
            self.loop.call_later(sent.pause_s, self.flow.resume_reading)
        return True

    def _write(self, sent: Sent, body: bytes) -> None:
        own = [*self.server_state.default_headers, *sent.own]
        lines = [b"%s: %s\r\n" % header for header in own]
        self.outbox.put(self.transport, b"".join((sent.answer.head, *lines, b"\r\n", body)))
        self.server_state.total_requests += 1
