"""A collector of traces that keeps what it is sent, as it is told to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

from tests.answering import answering


@dataclass
class Collector:
    """`hangs`: it takes a connection, and never answers. `received`: path, headers, body."""

    hangs: bool = False
    status: int = 200
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    over: Event = field(default_factory=Event)


@contextmanager
def collecting(*, hangs: bool = False, status: int = 200) -> Iterator[Collector]:
    collector = Collector(hangs, status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.received.append((self.path, headers, body))
            if collector.hangs:
                collector.over.wait()
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        server.daemon_threads = True
        collector.url = f"http://127.0.0.1:{server.server_port}"
        yield collector
        collector.over.set()


def nobody() -> str:
    """Where none listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"
