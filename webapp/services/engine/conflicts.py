"""Clicks in the same moment: who comes second joins the operation of who came first."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

LOOKS_MAX = 20
"""Each look that is in vain is another click that went through."""

Told = ParamSpec("Told")
Answer = TypeVar("Answer")
Service = Callable[Concatenate[Session, Told], Answer]


def joined(service: Service[Told, Answer]) -> Service[Told, Answer]:
    """A service that looks again when its row was changed under it, and decides anew.

    Whatever leads to the wanted state already is then its answer, not a conflict. What the caller
    has not committed is lost when it looks again.
    """

    @wraps(service)
    def look_again(session: Session, /, *args: Told.args, **told: Told.kwargs) -> Answer:
        for _ in range(LOOKS_MAX - 1):
            try:
                return service(session, *args, **told)
            except StaleDataError:
                session.rollback()
        return service(session, *args, **told)

    return look_again
