"""Pages of a long table: `?page=2` shows the rows from 51 to 100."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request

ROWS_PER_PAGE = 50
DIGITS_MAX = 9
Row = TypeVar("Row")


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """The `rows` of one page; `number` counts pages from 1."""

    rows: Sequence[Row]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS_PER_PAGE))

    @property
    def first(self) -> int:
        return (self.number - 1) * ROWS_PER_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def paged(request: Request, rows: Sequence[Row]) -> Paged[Row]:
    """The page that the address names; the nearest one if there is no such page."""
    return page_of(rows, number_in(request))


def number_in(request: Request) -> int:
    """Of the page that the address names, whether there is one or not; 1 without one."""
    text = request.query_params.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else 1


def page_of(rows: Sequence[Row], wanted: int) -> Paged[Row]:
    """That page, or the nearest one."""
    number = min(max(1, wanted), Paged(rows, 1, len(rows)).pages)
    start = (number - 1) * ROWS_PER_PAGE
    return Paged(rows[start : start + ROWS_PER_PAGE], number, len(rows))
