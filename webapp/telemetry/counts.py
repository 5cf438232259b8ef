"""The counters of this process. Labels are from short lists, such as routes, never from paths."""

from bisect import bisect_left
from collections import Counter, defaultdict
from threading import Lock
from typing import Any, Final

Labels = tuple[str, ...]
SERIES_MAX: Final = 2000
"""Of one counter; further ones are counted as `other`."""
OTHER: Final = "other"
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ANSWER: Final = "no answer"


class Counts:
    """A number for each combination of labels; any thread may add to it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: Counter[Labels] = Counter()

    def add(self, *labels: str) -> None:
        with self._lock:
            if labels not in self._numbers and len(self._numbers) >= SERIES_MAX:
                labels = (OTHER,) * len(labels)
            self._numbers[labels] += 1

    def read(self) -> dict[Labels, int]:
        with self._lock:
            return dict(self._numbers)


class Durations:
    """How many took how long, for each label."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_S) + 1))
        self._sums: Counter[str] = Counter()

    def add(self, label: str, seconds: float) -> None:
        with self._lock:
            self._counts[label][bisect_left(BUCKETS_S, seconds)] += 1
            self._sums[label] += seconds  # type: ignore[assignment]  # a Counter of floats

    def read(self) -> dict[str, tuple[list[int], float]]:
        with self._lock:
            return {name: (list(each), self._sums[name]) for name, each in self._counts.items()}


REQUESTS: Final = Counts()
REQUEST_S: Final = Durations()
HOT: Final[Counter[tuple[str, str, int]]] = Counter()
"""Method, operation and status of what was answered before the router: only the loop adds to it."""
AWS_CALLS: Final = Counts()
AWS_THROTTLES: Final = Counts()
TAKEOVERS: Final = Counts()


def operation_of(scope: Any) -> str:
    """As the log names it: `pages.networks.park`."""
    route = scope.get("endpoint")
    name = getattr(route, "__name__", "static" if route else "none")
    module = getattr(route, "__module__", "").removeprefix("webapp.routes.")
    return f"{module}.{name}" if hasattr(route, "__name__") else name


def count_request(scope: Any, status: int, seconds: float) -> None:
    """By its operation."""
    operation = operation_of(scope)
    method = scope["method"] if scope["method"] in METHODS else OTHER
    REQUESTS.add(method, operation, str(status))
    REQUEST_S.add(operation, seconds)


def count_aws_call(event_name: str, region: str, answer: Any, *, throttled: bool) -> None:
    """One request to AWS, a repetition too, by the name of botocore's event.

    `answer` is parsed; None when there is none.
    """
    _, service, action = event_name.split(".", 2)
    code = NO_ANSWER if answer is None else str(answer.get("Error", {}).get("Code") or "ok")
    AWS_CALLS.add(service, action, code)
    if throttled:
        AWS_THROTTLES.add(service, region)


def requests() -> dict[Labels, int]:
    """All of them, hot answers too."""
    found: Counter[Labels] = Counter(REQUESTS.read())
    for (method, operation, status), number in list(HOT.items()):
        found[method, counted(operation, status), str(status)] += number
    return found


def counted(operation: str, status: int) -> str:
    """How a hot answer is counted; files and refusals are of no operation."""
    return operation or ("static" if status < 400 else "refused")
