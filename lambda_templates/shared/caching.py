"""Values that an execution environment keeps for a while."""

from collections.abc import Callable
from typing import Generic, TypeVar

Clock = Callable[[], float]
Value = TypeVar("Value")


class Cached(Generic[Value]):
    """A value that is fetched at its first use, and again when it is older than `seconds`."""

    def __init__(self, fetch: Callable[[], Value], seconds: float, clock: Clock) -> None:
        self._fetch, self._seconds, self._clock = fetch, seconds, clock
        self._value: Value | None = None
        self._fetched_at = 0.0

    def get(self, seconds: float | None = None) -> Value:
        if self._value is None or self._is_older(self._seconds if seconds is None else seconds):
            self._value, self._fetched_at = self._fetch(), self._clock()
        return self._value

    def expire(self, seconds: float) -> None:
        if self._is_older(seconds):
            self._value = None

    def _is_older(self, seconds: float) -> bool:
        return self._clock() >= self._fetched_at + seconds
