"""A connection to one of the addresses that one lookup found, and all of it within a deadline.

A name is looked up once: who owns it could answer the next lookup with an address inside (DNS
rebinding). A socket's own time-out limits each wait but not their sum, so each wait gets what is
left of the whole time.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from webapp.errors import Upstream
from webapp.outbound.addresses import is_public

Resolver = Callable[[str, float], Sequence[str]]
"""The addresses of a name, found within so many seconds. Raises OSError."""
Dialer = Callable[[str, int, float], socket.socket]
"""A connection to an address and port, made within so many seconds. Raises OSError."""

ADDRESSES_MAX = 4
"""As many are tried, one after the other."""


class Unacceptable(OSError):
    """The answer breaks a limit; its words are ours."""


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left_s(self) -> float:
        """Raises TimeoutError when there is nothing left."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The time is over.")
        return left


def look_up(name: str, within_s: float) -> list[str]:
    """By the system, in a thread that is left alone after that time: a lookup cannot be ended."""
    found: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            lines = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            found.put([str(line[4][0]) for line in lines])
        except (OSError, UnicodeError) as error:
            found.put(error)

    Thread(target=ask, daemon=True, name="lookup").start()
    try:
        answer = found.get(timeout=within_s)
    except Empty:
        raise TimeoutError("The name server does not answer.") from None
    if isinstance(answer, list):
        return answer
    raise OSError("The name is not known.") from answer


def dial(address: str, port: int, within_s: float) -> socket.socket:
    return socket.create_connection((address, port), within_s)


def public_addresses(name: str, resolve: Resolver, deadline: Deadline) -> list[str]:
    """All that one lookup found. Raises Upstream if one of them is not public, and OSError.

    A name that has one address inside may have been made for that; none of its others is called.
    The message names no address: what names mean inside is nobody's business.
    """
    found = list(dict.fromkeys(resolve(name, deadline.left_s())))
    if not found:
        raise OSError("The name has no address.")
    if not all(is_public(address) for address in found):
        raise Upstream(
            f"{name} does not lead to a public address, so it was not called.",
            code="address_not_allowed",
            remedy="Check the name, and what your name server answers for it.",
        )
    return found[:ADDRESSES_MAX]


def connect(addresses: Sequence[str], port: int, dialer: Dialer, deadline: Deadline) -> Any:
    """A socket to the first address that answers. Raises OSError."""
    *others, last = addresses
    for address in others:
        try:
            return dialer(address, port, deadline.left_s() / 2)
        except OSError:
            continue
    return dialer(last, port, deadline.left_s())


def secured(plain: socket.socket, context: ssl.SSLContext, name: str, within: Deadline) -> Any:
    """TLS with the name that was asked for, whatever the address. Raises OSError."""
    plain.settimeout(within.left_s())
    return context.wrap_socket(plain, server_hostname=name)


class Wire:
    """What `http.client` needs of a socket; every wait ends at the deadline.

    It reads at most `size_max_bytes` in all, so that endless headers end too.
    """

    def __init__(self, wrapped: socket.socket, deadline: Deadline, size_max_bytes: int) -> None:
        self._socket, self._deadline, self._left = wrapped, deadline, size_max_bytes

    def sendall(self, data: Any) -> None:
        self._socket.settimeout(self._deadline.left_s())
        self._socket.sendall(data)

    def receive_into(self, buffer: Any) -> int:
        """Raises Unacceptable when the answer is too large."""
        self._socket.settimeout(self._deadline.left_s())
        size = self._socket.recv_into(buffer)
        self._left -= size
        if self._left < 0:
            raise Unacceptable("the answer is too large")
        return size

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Readable(self))

    def close(self) -> None:
        """Left to whoever opened the socket."""


class _Readable(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.receive_into(buffer)
