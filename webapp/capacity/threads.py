"""The threads that work for requests: two pools, because few of them compute well together.

Python runs one thread at a time. SQLite lets the next one run at every row that it reads, so six
threads that make pages change places a hundred times a page, which costs as much as the page.
Requests that only read have a pool of READERS, so few that they hardly meet; who waits for
PostgreSQL does not compute meanwhile, so there are more. All others, which may wait for the
database's lock, share THREADS.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import anyio
from anyio.lowlevel import RunVar

Result = TypeVar("Result")
THREADS = 6
"""Each finds a connection of the database, as all other threads do: see `webapp.capacity.sizes`."""
READERS = 1
"""With SQLite. With two, pages took 7 to 20 % more CPU while both had work."""
READERS_OF_POSTGRESQL = 4
SWITCH_S = 0.0005
"""After how long a thread that computes makes room for the loop: a tenth of Python's default."""

_readers: RunVar[anyio.CapacityLimiter] = RunVar("threads that read")
_own: ContextVar[anyio.CapacityLimiter | None] = ContextVar("pool of this request", default=None)


def set_up(dialect: str) -> None:
    """Of this loop, whose database has that dialect."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    readers = READERS if dialect == "sqlite" else READERS_OF_POSTGRESQL
    _readers.set(anyio.CapacityLimiter(readers))


async def read(function: Callable[..., Result], *arguments: Any) -> Result:
    """What it returns, by one of the threads that read."""
    _own.set(pool := _reading())
    return await anyio.to_thread.run_sync(function, *arguments, limiter=pool)


def add(number: int) -> None:
    """So many threads to the pool of this request; called in the loop."""
    pool = _own.get() or anyio.to_thread.current_default_thread_limiter()
    pool.total_tokens += number


def waiting() -> int:
    """How many requests wait for a thread."""
    return sum(pool.statistics().tasks_waiting for pool in pools())


def pools() -> tuple[anyio.CapacityLimiter, anyio.CapacityLimiter]:
    """Of this loop: of those that only read, and of all others."""
    return _reading(), anyio.to_thread.current_default_thread_limiter()


def _reading() -> anyio.CapacityLimiter:
    pool = _readers.get(None)
    if pool is None:  # of a test without a server
        _readers.set(pool := anyio.CapacityLimiter(THREADS))
    return pool
