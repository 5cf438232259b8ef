"""Two requests for one row at the same moment: the second joins what the first began."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm.exc import StaleDataError

from webapp.services.scope import Scope

ATTEMPTS_MAX = 20
"""Each failed attempt means that another request went through in the meantime."""

P = ParamSpec("P")
AnyScope = TypeVar("AnyScope", bound=Scope)
Answer = TypeVar("Answer")


def retry_on_conflict(
    service: Callable[Concatenate[AnyScope, P], Answer],
) -> Callable[Concatenate[AnyScope, P], Answer]:
    """Run the service again if its row was written by another process after it was read.

    It then decides by what the row says now: an operation that is already under way is its answer,
    not a conflict. Uncommitted changes of the caller are rolled back, so nothing may be pending.
    """

    @wraps(service)
    def with_retries(scope: AnyScope, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return service(scope, *args, **kwargs)
            except StaleDataError:
                scope.session.rollback()
        return service(scope, *args, **kwargs)

    return with_retries
