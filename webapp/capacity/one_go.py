"""Work for a request that a thread does in one go, with the connections that it takes."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from webapp.capacity.outside import outside
from webapp.db import end_transactions

Result = TypeVar("Result")


def in_one_go(function: Callable[..., Result]) -> Callable[..., Result]:
    """The same; at its end its thread, which alone knows them, gives back the connections it took.

    What it has not committed is undone.
    """

    @wraps(function)
    def run(*arguments: Any, **named: Any) -> Result:
        with outside.request():
            try:
                return function(*arguments, **named)
            finally:
                end_transactions()

    return run
