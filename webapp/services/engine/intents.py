"""What a request wants of a row is written into it before AWS is asked: its intent.

Of two requests for one row at the same moment, the second joins what the first began.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm.exc import StaleDataError

from webapp.models import StackRow, Status, utc_now
from webapp.models.base import new_id
from webapp.scope import Scope

ATTEMPTS_MAX = 20
"""Each failed attempt means that another request went through in the meantime."""

UNDER_WAY = (Status.REQUESTED, Status.CREATING, Status.DELETING)
"""A retry in one of these statuses does nothing: an attempt is already under way."""
IAM_WAIT_S = 15.0
"""Before a creation begins again that came before IAM knew its role everywhere."""
RETRIES = "Egret retries automatically."

P = ParamSpec("P")
AnyScope = TypeVar("AnyScope", bound=Scope)
Answer = TypeVar("Answer")


def intend(row: StackRow, status: Status) -> None:
    """Begin another operation on the row, with an id of its own. The caller commits."""
    row.status = status
    row.unwanted = row.unwanted and status is Status.DELETING
    row.reason = row.remedy = ""
    row.operation_id = new_id()
    row.attempts = 1
    row.attempts_max = 0
    row.retain = []
    row.started_at = row.updated_at = utc_now()


def begin_again(row: StackRow, reason: str) -> None:
    """Take the row's operation from its start again, as another attempt. The caller commits."""
    row.status = Status.REQUESTED if row.status is Status.CREATING else row.status
    row.operation_id, row.attempts = new_id(), row.attempts + 1
    row.reason, row.remedy = f"{reason} Attempt {row.attempts}.", RETRIES


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
