"""`--fast`: only the tests that start no sandbox, no dashboard, no browser and no PostgreSQL.

Nobody marks these by hand. A test is slow when its own code, or that of a fixture or a helper in
`tests` that it uses, refers to one of `SLOW`, or starts Python or one of its programs in a process
of its own. Annotations do not count. What is left out by hand is `thorough`: a few tests that send
hundreds of requests, keep thousands of rows, read all sources, or wait.
"""

from collections.abc import Callable, Iterable, Iterator
from inspect import unwrap
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.dashboard import Dashboard
from webapp.sandbox.launcher import Sandbox

SLOW: tuple[object, ...] = (Sandbox, Dashboard)
STARTS_PYTHON = "executable"
"""The name in `sys.executable`."""
POSTGRESQL = "postgresql"

thorough = pytest.mark.thorough
"""A mark with the reason."""
_known: dict[object, bool] = {}


def split(items: Iterable[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The fast ones and the slow ones."""
    fast: list[pytest.Item] = []
    slow: list[pytest.Item] = []
    for item in items:
        by_hand = item.get_closest_marker(thorough.name) or _uses_postgresql(item)
        (slow if by_hand or any(map(_is_slow, _functions(item))) else fast).append(item)
    return fast, slow


def is_slow(function: Callable[..., Any], seen: frozenset[object] = frozenset()) -> bool:
    """Whether `function` does, or a function of the tests that it refers to."""
    plain = unwrap(function)
    if not isinstance(plain, FunctionType) or plain in seen:
        return False
    if not plain.__module__.startswith("tests."):
        return False
    names = _names(plain.__code__)
    if STARTS_PYTHON in names:
        return True
    used = [plain.__globals__.get(name) for name in names]
    return any(each is part for each in used for part in SLOW) or any(
        is_slow(each, seen | {plain}) for each in used if callable(each)
    )


def _is_slow(function: Callable[..., Any]) -> bool:
    if function not in _known:
        _known[function] = is_slow(function)
    return _known[function]


def _uses_postgresql(item: pytest.Item) -> bool:
    """Also the half of the tests with `on_either_database` that asks for it."""
    return isinstance(item, pytest.Function) and (
        POSTGRESQL in item.fixturenames or POSTGRESQL in item.name.rpartition("[")[2]
    )


def _functions(item: pytest.Item) -> Iterator[Callable[..., Any]]:
    """The test's own, and its fixtures'."""
    if isinstance(item, pytest.Function):
        yield item.function
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            yield from (definition.func for definition in definitions)


def _names(code: CodeType) -> set[str]:
    """The names that code refers to, also in the functions inside it."""
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*(_names(each) for each in inner))
