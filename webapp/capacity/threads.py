"""The threads that work for requests: two pools, because few of them compute well together.

Python runs one thread at a time. SQLite lets the next one run at every row that it reads, so six
threads that make pages change places a hundred times a page, which costs as much as the page.
Requests that only read have a pool of READERS, so few that they hardly meet; who waits for
PostgreSQL does not compute meanwhile, so there are more. All others, which may wait for the
database's lock, share THREADS.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from anyio.from_thread import run_sync as in_the_loop
from anyio.lowlevel import RunVar

from webapp.capacity.readers import Readers, own_turn

Result = TypeVar("Result")
THREADS = 6
"""Each finds a connection of the database, as all other threads do: see `webapp.capacity.sizes`."""
READERS = 1
"""With SQLite. With two, pages took 7 to 20 % more CPU while both had work."""
READERS_OF_POSTGRESQL = 4
SWITCH_S = 0.0005
"""After how long a thread that computes makes room for the loop: a tenth of Python's default."""

_readers: RunVar[Readers] = RunVar("threads that read")


def set_up(dialect: str) -> None:
    """Of this loop, whose database has that dialect."""
    others().total_tokens = THREADS
    _readers.set(Readers(READERS if dialect == "sqlite" else READERS_OF_POSTGRESQL))


async def read(function: Callable[..., Result], *arguments: Any) -> Result:
    """What it returns, by one of the threads that read."""
    return await readers().run(function, *arguments)


def add(number: int) -> None:
    """So many threads more, where the thread that calls this works for a request."""
    if turn := own_turn():
        turn.change(number)
        return
    with suppress(RuntimeError):  # it works for none
        in_the_loop(_add_others, number)


def waiting() -> int:
    """How many requests wait for a thread."""
    return len(readers().waiting) + others().statistics().tasks_waiting


def readers() -> Readers:
    """Of this loop."""
    found = _readers.get(None)
    if found is None:  # of a test without a server
        _readers.set(found := Readers(THREADS))
    return found


def others() -> anyio.CapacityLimiter:
    """Of this loop: for all but those that only read."""
    return anyio.to_thread.current_default_thread_limiter()


def _add_others(number: int) -> None:
    others().total_tokens += number
