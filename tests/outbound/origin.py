"""A server that sends the bytes it is told to, whatever it is asked; it keeps what it was asked."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

HEAD_MAX_BYTES = 64 * 1024


def response(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Origin:
    """`answer` is sent to everybody; `then` again and again after it, until nobody reads any more.

    `names` are those that callers asked for in TLS.
    """

    answer: bytes = b""
    then: bytes = b""
    asked: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    port: int = 0
    over: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, server: socket.socket, context: ssl.SSLContext | None) -> None:
        while not self.over.is_set():
            with suppress(OSError):
                connection, _ = server.accept()
                connection.settimeout(10)
                Thread(target=self._talk, args=(connection, context), daemon=True).start()

    def _talk(self, plain: socket.socket, context: ssl.SSLContext | None) -> None:
        with suppress(OSError), plain, _secured(plain, context) as opened:
            head = b""
            while b"\r\n\r\n" not in head and len(head) < HEAD_MAX_BYTES:
                received = opened.recv(HEAD_MAX_BYTES)
                if not received:  # hung up, such as who only woke up the server
                    return
                head += received
            self.asked.append(head.decode("latin-1"))
            opened.sendall(self.answer)
            while self.then and not self.over.wait(0.02):
                opened.sendall(self.then)


def _secured(plain: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    return context.wrap_socket(plain, server_side=True) if context else plain


@contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[Origin]:
    origin = Origin()
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin.port = server.getsockname()[1]
        if context:
            context.sni_callback = lambda _socket, name, _context: origin.names.append(name)
        thread = Thread(target=origin.serve, args=(server, context), daemon=True)
        thread.start()
        yield origin
        origin.over.set()
        socket.create_connection(server.getsockname()).close()  # so that it sees that it is over
        thread.join()
