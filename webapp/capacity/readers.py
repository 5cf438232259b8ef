"""Threads that read for many requests: one that was woken reads for all that wait.

To wake a thread, and to be woken by it, costs a fifth of what a page costs. So a thread does what
waits, one after the other, for up to TURN_S, and then tells the loop what came of it. Meanwhile the
loop has little to do, and the two seldom want to compute at the same time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from webapp.capacity import workers
from webapp.capacity.workers import Tell

Result = TypeVar("Result")
TURN_S: Final = 0.01
"""So much later than it was made, an answer may be sent, while others wait for theirs."""
LATE: Final = 2
"""After so many times TURN_S the loop takes what is done, if the thread is at something slow."""


@dataclass(eq=False)
class Reading:
    """A function, and what came of it."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    context: Context
    coming: "asyncio.Future[Reading]"
    result: Any = None
    error: BaseException | None = None

    def do(self, turn: "Turn") -> None:
        try:
            self.result = self.context.run(self._do, turn)
        except BaseException as error:  # raised where the result is awaited
            self.error = error

    def _do(self, turn: "Turn") -> Any:
        _turn.set(turn)
        return self.function(*self.arguments)


class Readers:
    """Of the loop that runs: `limit` threads read at once, each for up to `turn_s`."""

    def __init__(self, limit: int, turn_s: float = TURN_S) -> None:
        self.limit, self.turn_s = limit, turn_s
        self.loop = asyncio.get_running_loop()
        self.waiting: deque[Reading] = deque()
        self._at_work = 0

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What it returns or raises in a thread that has the context of this task. Raises
        RuntimeError when no thread can be started and none is at work."""
        coming: asyncio.Future[Reading] = self.loop.create_future()
        self.waiting.append(Reading(function, arguments, copy_context(), coming))
        self._begin()
        done = await coming
        try:
            if done.error:
                raise done.error
            result: Result = done.result
            return result
        finally:
            del done, coming  # an error has a traceback, which has this frame

    def change(self, number: int) -> None:
        """So many threads more, or less."""
        self.limit += number
        self._begin()

    def settle(self, done: deque[Reading]) -> None:
        """Who waits for one of them goes on."""
        while done:
            reading = done.popleft()
            if not reading.coming.done():
                reading.coming.set_result(reading)

    def end(self, turn: "Turn") -> None:
        """Answers are sent before the next turn begins: both want to compute."""
        self._at_work -= 1
        if turn.late:
            turn.late.cancel()
        self.settle(turn.done)
        self.loop.call_soon(self._begin)

    def _begin(self) -> None:
        if not self.waiting or self._at_work >= self.limit:
            return
        turn = Turn(self)
        try:
            workers.begin(turn.take)
        except RuntimeError as error:
            if not self._at_work:  # or else they would wait until somebody else asks
                self._refuse(error)
            return
        self._at_work += 1
        turn.late = self.loop.call_later(LATE * self.turn_s, self.settle, turn.done)

    def _refuse(self, error: RuntimeError) -> None:
        for reading in self.waiting:
            reading.error = RuntimeError(*error.args)
        self.settle(self.waiting)


@dataclass
class Turn:
    """What a thread does after it was woken. The thread adds to `done`, the loop takes from it."""

    readers: Readers
    done: deque[Reading] = field(default_factory=deque)
    is_over: bool = False
    late: asyncio.TimerHandle | None = None

    def take(self) -> Tell:
        waiting, until_s = self.readers.waiting, time.monotonic() + self.readers.turn_s
        while not self.is_over:
            try:
                reading = waiting.popleft()
            except IndexError:
                break
            if not reading.coming.cancelled():
                reading.do(self)
                self.done.append(reading)
            self.is_over |= time.monotonic() >= until_s
        return lambda: self._tell(self.readers.end, self)

    def change(self, number: int) -> None:
        """So many threads more or less, because this one begins to wait, or has waited. What it has
        done need not wait with it, and what waits for it is another one's."""
        self.is_over = True
        self._tell(self.readers.settle, self.done)
        self._tell(self.readers.change, number)

    def _tell(self, hear: Callable[..., None], what: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self.readers.loop.call_soon_threadsafe(hear, what)


_turn: ContextVar[Turn | None] = ContextVar("turn of the thread that reads", default=None)


def own_turn() -> Turn | None:
    """In which this is done; None in any other thread."""
    return _turn.get()
