"""How many rows there are, counted through an index and only so far.

Somebody who looks at a list wants to know whether it has 3 or 300 rows; beyond `COUNTED_MAX` the
exact number says little, and counting would take the longer the more there are.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlmodel import Session, func, select

COUNTED_MAX = 1000


@dataclass(frozen=True)
class Count:
    """`over`: there are more than that."""

    number: int = 0
    over: bool = False

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f"over {self.number:,}" if self.over else f"{self.number:,}"


def count(
    session: Session,
    column: SQLColumnExpression[Any],
    *conditions: ColumnElement[bool],
    most: int = COUNTED_MAX,
) -> Count:
    """How many rows of the column's table meet the conditions."""
    some = select(column).where(*conditions).limit(most + 1).subquery()
    number = session.exec(select(func.count()).select_from(some)).one()
    return Count(min(number, most), number > most)
