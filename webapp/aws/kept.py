"""What AWS has answered lately, for those who ask the same while it is still as good as new.

One thread asks; others that want the same meanwhile wait for its answer. Many networks that are
created at once then ask once about the region. Errors are not kept.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass
class _Place(Generic[Answer]):
    lock: Lock = field(default_factory=Lock)
    answers: list[tuple[float, Answer]] = field(default_factory=list)
    """None or one, with the time until which it is kept."""


class Kept(Generic[Answer]):
    """Answers by what was asked, each kept for `for_s` seconds; with 0, none is."""

    def __init__(self, for_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._for_s, self._clock = for_s, clock
        self._lock = Lock()
        self._places: dict[Hashable, _Place[Answer]] = {}

    def get(
        self,
        key: Hashable,
        ask: Callable[[], Answer],
        *,
        still_good: Callable[[Answer], bool] = lambda _: True,
    ) -> Answer:
        """The kept answer if it is still good, or a new one."""
        if not self._for_s:
            return ask()
        with self._lock:
            place = self._places.setdefault(key, _Place())
        with place.lock:
            for until, answer in place.answers:
                if self._clock() < until and still_good(answer):
                    return answer
            answer = ask()
            place.answers = [(self._clock() + self._for_s, answer)]
            return answer
