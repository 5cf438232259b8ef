"""The calls that a dashboard makes to AWS, counted on their way."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager

from tests.answering import answering
from tests.faults.proxy import Proxy, Rule


class Counted(Proxy):
    """Passes everything on; `came` has the time and the action of each call."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.came: list[tuple[float, str]] = []

    def match(self, action: str) -> Rule | None:
        self.came.append((time.monotonic(), action))
        return super().match(action)

    def since(self, at: float) -> list[tuple[float, str]]:
        return [call for call in list(self.came) if call[0] >= at]

    def invocations_since(self, at: float) -> int:
        return sum("/invocations" in action for _, action in self.since(at))


@contextmanager
def counting(upstream: str) -> Iterator[Counted]:
    with answering(Counted(upstream)) as proxy:
        yield proxy


def peak_in_a_second(times: list[float]) -> int:
    """The most within any second; the times are in order."""
    return max((n + 1 - bisect_left(times, at - 1) for n, at in enumerate(times)), default=0)
