"""When the request came that a thread works for: it may have waited for the thread."""

import time
from contextvars import ContextVar

_came_at_s: ContextVar[float] = ContextVar("when the request came")


def note_coming() -> None:
    """The request of this context has come just now."""
    _came_at_s.set(time.monotonic())


def came_s_ago() -> float:
    """How many seconds ago; 0 for what is no request."""
    now_s = time.monotonic()
    return now_s - _came_at_s.get(now_s)
