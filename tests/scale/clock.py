"""Virtual time: many workers that run one after the other, each until it sleeps.

They are greenlets, so what sleeps deep inside of a call to AWS needs no change.
"""

import heapq
import random
from collections.abc import Callable
from itertools import count
from typing import Any

from greenlet import getcurrent, greenlet

BEGAN_S = 1_800_000_000.0
"""A time of the database's clock."""


class Clock:
    """`now` in seconds; `sleep` lets the others run."""

    def __init__(self, seed: int) -> None:
        self.now = BEGAN_S
        self.random = random.Random(seed)
        self._numbers = count()
        self._due: list[tuple[float, int, Any]] = []
        self._dead: set[Any] = set()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        me = getcurrent()
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), me))
        me.parent.switch()

    def start(self, work: Callable[[], None]) -> Any:
        made = greenlet(work)
        heapq.heappush(self._due, (self.now, next(self._numbers), made))
        return made

    def kill(self, worker: Any) -> None:
        """It never runs again, whatever it holds."""
        self._dead.add(worker)

    def run(self) -> None:
        """Until all workers have ended."""
        while self._due:
            self.now, _, worker = heapq.heappop(self._due)
            if worker not in self._dead:
                worker.switch()
