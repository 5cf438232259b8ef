"""Pages of long tables."""

import pytest
from starlette.requests import Request

from webapp.rendering.paging import ROWS_PER_PAGE, paged


def request(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


@pytest.mark.parametrize(
    ("query", "number", "first", "last"),
    [
        ("", 1, 1, 50),
        ("page=2", 2, 51, 100),
        ("page=3", 3, 101, 120),
        ("page=4", 3, 101, 120),
        ("page=0", 1, 1, 50),
        ("page=-1", 1, 1, 50),
        ("page=x", 1, 1, 50),
        ("page=%C2%B2", 1, 1, 50),
        (f"page={'9' * 5000}", 1, 1, 50),
    ],
)
def test_the_nearest_page_is_shown(query: str, number: int, first: int, last: int) -> None:
    shown = paged(request(query), range(120))
    assert (shown.number, shown.first, shown.last) == (number, first, last)
    assert (shown.pages, shown.rows[0] + 1) == (3, first)


def test_an_empty_table_has_one_page() -> None:
    assert paged(request("page=7"), []).pages == 1
    assert paged(request(""), range(ROWS_PER_PAGE)).pages == 1
