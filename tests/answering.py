"""Servers of the standard library that answer for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)
POLL_S = 0.01
"""How soon it ends: half a second by default."""


@contextmanager
def answering(server: Server) -> Iterator[Server]:
    """In a thread of its own until the block ends."""
    thread = Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
