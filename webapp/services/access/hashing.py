"""Hashes of passwords, a few at a time: one takes a processor for 20 ms.

Whoever presents a secret takes a turn, for all that belongs to it: the count of wrong tries, the
hash, the result. So any number of sign-ins at once takes `AT_ONCE` processors and as many
connections of the database, and `WAITING_MAX` threads; the rest is told to come again, and every
other page goes on as before.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from webapp.capacity.outside import outside
from webapp.db import give_back
from webapp.errors import Unavailable

if TYPE_CHECKING:
    from pwdlib import PasswordHash

AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
WAITING_MAX = 16
WAIT_MAX_S = 10.0
"""For a turn: longer only while the database answers nobody."""
RETRY_AFTER_S = 2

_NOBODY = f"$argon2id$v=19$m={19 * 1024},t=2,p=1${'A' * 22}${'A' * 43}"
"""Of no password that anybody knows, with the same parameters: as much work to verify."""


class Turns:
    """`at_once` at work, and at most `waiting` more in the queue."""

    def __init__(
        self, at_once: int = AT_ONCE, waiting: int = WAITING_MAX, wait_s: float = WAIT_MAX_S
    ) -> None:
        self._places, self._taken = at_once + waiting, 0
        self._wait_s = wait_s
        self._counting = Lock()
        self._at_work = BoundedSemaphore(at_once)

    @property
    def is_full(self) -> bool:
        return self._taken >= self._places

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, without a connection of the database. Raises Unavailable: at once when
        the queue is full, and when nobody is done for too long."""
        with self.place():
            give_back()
            if not self._at_work.acquire(timeout=self._wait_s):
                raise _busy()
            try:
                yield
            finally:
                self._at_work.release()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Of those who have a turn, or wait for one. Raises Unavailable."""
        with self._counting:
            if self.is_full:
                raise _busy()
            self._taken += 1
        try:
            with outside.aside():  # other pages need no turn
                yield
        finally:
            with self._counting:
                self._taken -= 1


def _busy() -> Unavailable:
    error = Unavailable(
        "Too many people sign in at the moment.",
        code="sign_in_busy",
        remedy=f"Nothing was checked. Try again in {RETRY_AFTER_S} seconds.",
    )
    error.retry_after_s = RETRY_AFTER_S
    return error


turns = Turns()


@cache
def _argon2() -> "PasswordHash":
    """With OWASP's parameters for argon2id: 19 MiB, two passes, one lane; about 20 ms.

    Imported when somebody signs in.
    """
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash((Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1),))


def hash_password(password: str) -> str:
    """Holds no connection with which was only read meanwhile."""
    give_back()
    return _argon2().hash(_bytes(password))


def verify(password: str, password_hash: str) -> bool:
    """Whether it is the password. As much work for somebody who has none: `password_hash` is ''."""
    give_back()
    return _argon2().verify(_bytes(password), password_hash or _NOBODY) and bool(password_hash)


def _bytes(password: str) -> bytes:
    """Whole, whatever characters it has."""
    return password.encode("utf-8", "surrogatepass")
