"""What the overview asks of all there is: whether it is many, and whether there is any of some
kinds. One statement, whose every question is answered by the first rows of an index."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import exists, select, true
from sqlmodel import Session, col

from webapp.database.columns import as_text
from webapp.database.queries import Query
from webapp.models import (
    Access,
    Address,
    AddressStatus,
    Function,
    Key,
    Network,
    Snapshot,
    Status,
)

EXACT_MAX = 500
"""With more networks, functions, addresses or keys, the overview's figures are estimates."""
LOOKED_MAX = 100
TABLES = (Network, Function, Address, Key)
CREATED = (Status.READY, Status.UPDATING, Status.PARKING, Status.PARKED, Status.UNPARKING)
"""A network of these statuses was once complete."""


class Facts(NamedTuple):
    """`created`: a network was once complete. `open`: a function whose endpoint everyone calls."""

    are_many: bool
    created: bool
    keys: bool
    functions_ready: bool
    answers: bool
    lost_addresses: bool
    open_endpoints: bool


def facts(session: Session) -> Facts:
    (found,) = _statement().rows(session)
    return Facts(any(found[: len(TABLES)]), *map(bool, found[len(TABLES) :]))


@cache
def _statement() -> Query:
    beyond = [select(col(each.id)).limit(1).offset(EXACT_MAX).scalar_subquery() for each in TABLES]
    outputs = select(as_text(col(Network.outputs)).label("outputs"))
    some = outputs.where(col(Network.status).in_(CREATED)).limit(LOOKED_MAX).subquery()
    there: list[Any] = [
        exists().where(some.c.outputs != "{}"),
        exists().where(col(Key.id).is_not(None)),
        exists().where(col(Function.status) == Status.READY),
        exists().where(col(Snapshot.ok) == true()),
        exists().where(col(Address.status) == AddressStatus.LOST),
        exists().where(col(Function.access) == Access.OPEN),
    ]
    return Query(select(*beyond, *there), raw=True)
