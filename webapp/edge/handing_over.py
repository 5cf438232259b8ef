"""Connections that keep an answer which goes on for long, once the application has begun it.

A stream waits for most of its life. As an ASGI call it would keep, for each browser, the frames of
all middleware and the request, some 50 KiB. Here the application hands its answer over by an
extension of the scope (`HAND_OVER`) and returns; what is left is the connection. It sends what it
is given, unless its client does not read: nothing is kept for it beyond UNREAD_MAX_BYTES.
"""

from collections.abc import Callable
from typing import Any, Final

from webapp.edge.connections import Connection, Connections, Waits
from webapp.hot.cache import Bounded
from webapp.hot.connection import HEADS_MAX, Outbox

HAND_OVER: Final = "egret.hand_over"
UNREAD_MAX_BYTES: Final = 64 * 1024
"""Of what was sent before; more than that, and the client is too slow for what comes next."""

Write = Callable[[bytes], bool]
HandOver = Callable[[Callable[[], None]], Write | None]
"""Takes what is to be called when the connection has ended. None if it cannot be handed over:
because something of the request is still to come, or another one has come after it."""


def hand_over_of(scope: Any) -> HandOver | None:
    """None where another server, or a test, makes the call."""
    found: HandOver | None = scope.get("extensions", {}).get(HAND_OVER)
    return found


class StreamingConnection(Connection):
    ended: Callable[[], None] | None = None
    """Set once its answer was handed over."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {HAND_OVER: self.hand_over}
        self.scope["extensions"] = extensions

    def hand_over(self, ended: Callable[[], None]) -> Write | None:
        """`write_part` for the rest of the answer that has begun; `ended` is then called once."""
        cycle = self.cycle
        is_alone = self.waits is Waits.ANSWER and not self.pipeline and not cycle.disconnected
        if not is_alone or not cycle.chunked_encoding:
            return None
        cycle.response_complete = True  # as far as the call is concerned
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]  # as at first
        self.parser = None  # type: ignore[assignment]  # nothing more is read
        self.ended = ended
        return self.write_part

    def write_part(self, part: bytes) -> bool:
        """Send it (RFC 9112, 7.1). An empty one is the end of the answer, and of the connection.

        False if it was not sent, because what came before it was not read.
        """
        is_slow = self.transport.get_write_buffer_size() > UNREAD_MAX_BYTES
        if self.transport.is_closing() or (part and is_slow):
            return False
        self.transport.write(b"%x\r\n%b\r\n" % (len(part), part))
        if not part:
            self.transport.close()
        return True

    def data_received(self, data: bytes) -> None:
        if self.ended:
            self.drop("more was sent during a stream")
        else:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.ended:
            self.ended()

    def begin_to_end(self) -> None:
        """A stream is whole as it is: its page asks for what comes next, from another replica."""
        super().begin_to_end()
        if self.ended:
            self.write_part(b"")

    def shutdown(self) -> None:
        """What is still to be read of a stream is not waited for."""
        super().shutdown()
        if self.ended:
            self.loop.call_later(self.all.limits.linger_s, self.transport.abort)


def protocol_of(connections: Connections) -> type[StreamingConnection]:
    """The protocol of each connection of a server."""

    class OfServer(StreamingConnection):
        all = connections
        heads = Bounded(HEADS_MAX)
        outbox = Outbox()

    return OfServer
