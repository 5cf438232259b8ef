"""Threads that wait for work, and are kept for the next."""

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread

IDLE_MAX = 8
"""So many wait for work; the others end with what they do."""

Tell = Callable[[], object]
Job = Callable[[], Tell]
"""What it returns tells that it is done."""


class Worker(Thread):
    """A daemon, for it waits as long as the process lives."""

    def __init__(self) -> None:
        super().__init__(name="worker", daemon=True)
        self._jobs: SimpleQueue[Job] = SimpleQueue()

    def begin(self, job: Job) -> None:
        self._jobs.put(job)

    def run(self) -> None:
        while self._does_one():
            pass

    def _does_one(self) -> bool:
        """Whether it is to do another one. It is idle before it tells, so that it may be next."""
        tell = self._jobs.get()()
        with _keeping:
            is_kept = len(_idle) < IDLE_MAX
            if is_kept:
                _idle.append(self)
        tell()
        return is_kept


_idle: deque[Worker] = deque()
"""Of all loops of the process."""
_keeping = Lock()


def begin(job: Job) -> None:
    """In a thread. Raises RuntimeError when none can be started."""
    try:
        worker = _idle.pop()
    except IndexError:
        worker = Worker()
        worker.start()
    worker.begin(job)
