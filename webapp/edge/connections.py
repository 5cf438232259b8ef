"""The connections of the HTTP server: what one may take in time, and how many there may be.

uvicorn has none of these limits but for the time between two requests. Here each connection knows
for what it waits, and since when; once a second `Connections.sweep` ends those that are overdue. So
a client that connects and sends nothing, sends a byte a second, or reads nothing, costs a
connection for seconds and never a thread, a connection of the database, or a place of others.

What is refused is answered first (RFC 9110, 15.5.9 and 15.6.4), and then read no further.
"""

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from webapp.edge.client_addresses import address_of, subscriber_of
from webapp.edge.connection_limits import Limits
from webapp.edge.limits import COOKIES_MAX_BYTES, HEADERS_MAX_BYTES, PATH_MAX_BYTES, QUERY_MAX_BYTES
from webapp.edge.plain_answers import plain_answer
from webapp.hot.connection import AtOnce, HotConnection
from webapp.setting_rules import Network

HEAD_MAX_BYTES = 2 * (PATH_MAX_BYTES + QUERY_MAX_BYTES + HEADERS_MAX_BYTES + COOKIES_MAX_BYTES)
"""Twice what `webapp.edge.limits` allows: what is a little too large is answered by a page."""

log = logging.getLogger("egret.connections")


class Waits(Enum):
    """For what a connection waits."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    """The application is at work, which takes as long as it takes."""
    REST = auto()
    """Of a body, after the answer."""
    IDLE = auto()
    END = auto()


@dataclass
class Connections:
    """Those of one server. `clock` is the seam for tests; `proxies` do not count as clients."""

    limits: Limits = field(default_factory=Limits)
    proxies: Sequence[Network] = ()
    https: bool = False
    clock: Callable[[], float] = time.monotonic
    front: AtOnce | None = None
    """Answers some requests before the application does."""
    is_ending: bool = False
    """Each answer is the last one of its connection."""
    when_ending: list[Callable[[], None]] = field(default_factory=list)
    """What else has to know as soon as it is known that the process is to end."""
    admitted: "dict[Connection, str]" = field(default_factory=dict)
    """In the order in which they came, with the client of each; '' for a proxy."""
    _of_client: Counter[str] = field(default_factory=Counter)
    _ended: Counter[str] = field(default_factory=Counter)

    def admit(self, connection: "Connection", address: str) -> str:
        """Why there is no place for it; '' if it has one. An idle one makes room for it."""
        client, limits = self._client(address), self.limits
        if client and self._of_client[client] >= limits.per_client:
            return f"You have {limits.per_client} connections open, which is the maximum."
        if len(self.admitted) >= limits.connections and not self._make_room():
            return "Too many connections are open at the moment."
        self.admitted[connection] = client
        self._of_client[client] += 1
        return ""

    def begin_to_end(self) -> None:
        """From now on, no connection is used again; streams end, and clients begin them elsewhere.

        An idle one is left to its client for a moment: what is on its way is answered.
        """
        self.is_ending = True
        for tell in self.when_ending:
            tell()
        for connection in list(self.admitted):
            connection.begin_to_end()

    def leave(self, connection: "Connection") -> None:
        """The connection has ended. It may be one that was never admitted."""
        client = self.admitted.pop(connection, None)
        if client is not None:
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]

    def note(self, end: str) -> None:
        """For the log."""
        self._ended[end] += 1

    async def sweep(self) -> None:
        """End what is overdue; log what was ended since the last time, in one line."""
        for connection in list(self.admitted):
            connection.check(self.clock())
        if self._ended:
            told = ", ".join(f"{number} ({end})" for end, number in self._ended.items())
            log.warning("connections were ended: %s", told)
            self._ended.clear()

    def _make_room(self) -> bool:
        idle = next((each for each in self.admitted if each.waits is Waits.IDLE), None)
        if idle:
            idle.drop("idle, for another one")
            self.leave(idle)
        return idle is not None

    def _client(self, address: str) -> str:
        found = address_of(address)
        if found is None or any(found in network for network in self.proxies):
            return ""
        return subscriber_of(address)


class Connection(HotConnection):
    """One connection; `webapp.edge.handing_over` says of which server."""

    all: Connections
    waits = Waits.HEAD
    since_s = 0.0
    received_bytes = 0
    unread_since_s: float | None = None
    unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if own := transport.get_extra_info("socket"):  # asyncio does so for some sockets only
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        limits = self.all.limits
        self._wait_for(Waits.HEAD)
        if len(self.connections) > limits.connections + limits.refused:
            self.drop("no place, not even for a refusal")
        elif why_not := self.all.admit(self, self.client[0] if self.client else ""):
            self.refuse(503, why_not)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.all.leave(self)

    def data_received(self, data: bytes) -> None:
        if self.waits is Waits.END:
            return
        was_idle, begun = self.waits is Waits.IDLE, self.begun
        if was_idle:
            is_known = self.answer_known(self._front, data)
            self._wait_for(Waits.IDLE if is_known else Waits.HEAD)
            if is_known:
                return
        if self.waits is Waits.HEAD:
            self.received_bytes += len(data)
        super().data_received(data)
        if was_idle and self.waits is Waits.IDLE:
            self.remember(data, begun)
        if self.waits is Waits.HEAD and self.received_bytes > HEAD_MAX_BYTES:
            self.refuse(431, f"The request's head is larger than {HEAD_MAX_BYTES // 1024} KiB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.waits is not Waits.HEAD:
            self._wait_for(Waits.HEAD)

    def on_headers_complete(self) -> None:
        if self.answer_at_once(self._front):
            return
        self._wait_for(Waits.BODY)
        super().on_headers_complete()
        if self.all.is_ending:
            self.begin_to_end()
        if len(self.pipeline) > self.all.limits.pipelined:
            self.drop("too many requests before an answer")
            raise ConnectionAbortedError  # so that no more of them are read

    def on_body(self, body: bytes) -> None:
        self.received_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.answered:  # now the request is read, too
            self._wait_for(Waits.IDLE)
            return
        super().on_message_complete()
        self._wait_for(Waits.IDLE if self.cycle.response_complete else Waits.ANSWER)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.cycle.response_complete:  # a pipelined one is next
            return
        if self.waits is Waits.ANSWER:
            self._wait_for(Waits.IDLE)
        elif self.waits is Waits.BODY:
            self._wait_for(Waits.REST)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.unread_since_s = None

    def send_400_response(self, msg: str) -> None:
        self.refuse(400, msg)

    def begin_to_end(self) -> None:
        """The next answer says that it is the last one (RFC 9112, 9.6)."""
        if self.cycle:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """The server ends: what was refused is not waited for, streams and bodies not for long."""
        self.outbox.send()
        if self.waits is Waits.END:
            self.transport.abort()
        super().shutdown()
        self.loop.call_later(self.all.limits.linger_s, self._end_what_waits)

    def _end_what_waits(self) -> None:
        if self.waits is Waits.BODY or (self.cycle and self.cycle.response_started):
            self.drop("the server ended")

    def check(self, now_s: float) -> None:
        """End it if it is overdue."""
        limits, waited_s = self.all.limits, now_s - self.since_s
        if self._is_unread(now_s):
            self.drop("the answer was not read")
        elif self.flow.read_paused:
            self._wait_for(self.waits)  # what is not read by us is not late
        elif self.waits is Waits.HEAD and waited_s > limits.head_s:
            self.refuse(408, f"The request's head took more than {limits.head_s:g} seconds.")
        elif self.waits is Waits.BODY and waited_s > limits.body_s + self._at_least(
            self.received_bytes
        ):
            self.refuse(408, "The request's body came too slowly.")
        elif self.waits is Waits.REST and waited_s > limits.linger_s:
            self.drop("the rest of a body that nobody needs")
        elif self.waits is Waits.IDLE and waited_s > limits.idle_s:  # uvicorn knows of no answer
            self.transport.close()

    def refuse(self, status: int, text: str) -> None:
        """Answer it without the application, read no more, and end the connection in a moment."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            self.drop(text)
            return
        self._give_up(text)
        self.transport.write(plain_answer(status, text, https=self.all.https))
        with suppress(OSError):  # the client has gone already
            self.transport.write_eof()
        self.loop.call_later(self.all.limits.linger_s, self.transport.abort)

    def drop(self, why: str) -> None:
        """End it without an answer."""
        self._give_up(why)
        self.transport.abort()

    @property
    def _front(self) -> AtOnce | None:
        """What answers at once; None while the server ends, when an answer has to say so."""
        return None if self.all.is_ending else self.all.front

    def _give_up(self, why: str) -> None:
        self.outbox.send()
        self.all.note(why)
        self._wait_for(Waits.END)
        if self.cycle:  # so that the application waits for nothing more
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _wait_for(self, what: Waits) -> None:
        self.waits, self.since_s, self.received_bytes = what, self.all.clock(), 0

    def _is_answering(self) -> bool:
        """Whether another answer would be taken for the one of an earlier request."""
        cycle = self.cycle
        if self.pipeline or not cycle or cycle.response_complete:
            return bool(self.pipeline)
        return bool(cycle.response_started) or self.waits is Waits.HEAD

    def _is_unread(self, now_s: float) -> bool:
        size = self.transport.get_write_buffer_size()
        if not size or self.unread_since_s is None:
            self.unread_since_s, self.unread_bytes = now_s if size else None, size
            return False
        allowed_s = self.all.limits.answer_s + self._at_least(self.unread_bytes)
        return now_s - self.unread_since_s > allowed_s

    def _at_least(self, size: int) -> float:
        """How many seconds so many bytes may take."""
        return size / self.all.limits.bytes_per_s
