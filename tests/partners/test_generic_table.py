"""Any JSON as a table, bounded in rows, columns and cells."""

import json
from typing import Any

from hypothesis import given

from tests.fast import thorough
from tests.partners.json_of_others import JSON
from webapp.partners.generic_table import COLUMNS_MAX, NAME_MAX_CHARS, table_of
from webapp.partners.untrusted_json import CELL_MAX_CHARS, CUT, ROWS_MAX
from webapp.rendering.templating import render


def rows(value: Any, path: str = "") -> list[dict[str, str]]:
    return list(table_of(json.dumps(value).encode(), path))


def test_columns_come_in_the_order_in_which_their_names_first_appear() -> None:
    found = rows([{"b": 1, "a": None}, {"c": "x", "b": [1, {"d": True}]}])
    assert found == [
        {"b": "1", "a": "", "c": ""},
        {"b": '[1, {"d": true}]', "a": "", "c": "x"},
    ]


def test_the_first_list_of_objects_is_found_and_another_one_by_its_path() -> None:
    value = {"page": {"n": [{"no": 1}]}, "tags": ["x"], "data": [{"id": 7}]}
    assert rows(value) == [{"id": "7"}]
    assert rows(value, "page.n") == [{"no": "1"}]
    assert rows({"a": {"b": {"c": [{"deep": 1}]}}}) == [{"deep": "1"}]
    for path in ("page", "page.n.x", "nothing", "."):
        assert rows(value, path) == []


def test_what_has_no_list_of_objects_is_no_table() -> None:
    for value in ({}, [], 7, "text", None, {"a": 1}, [1, 2], {"a": [[{"b": 1}]]}):
        assert rows(value) == []
    assert not table_of(b"<html>")


@thorough("thousands of rows")
def test_a_table_is_bounded() -> None:
    (row, *others) = rows([{f"c{n}": "x" * 1000 for n in range(50)}] * 1001)
    assert len(others) + 1 == ROWS_MAX
    assert len(row) == COLUMNS_MAX
    assert set(row.values()) == {"x" * CELL_MAX_CHARS + CUT}
    (long,) = rows([{"n" * 100 + "a": 1, "n" * 100 + "b": 2}])
    assert len(long) == 2
    assert next(iter(long)) == "n" * NAME_MAX_CHARS + CUT


@given(JSON)
def test_any_json_is_rendered_escaped(value: Any) -> None:
    found = rows(value)
    assert len({tuple(row) for row in found}) <= 1
    html = render("functions/previews/http_json.html", rows=found)
    assert html.encode()


def test_markup_of_a_partner_is_text() -> None:
    html = render("functions/previews/http_json.html", rows=rows([{"<b>": "<script>x</script>"}]))
    assert "<script>" not in html
    assert "&lt;b&gt;" in html
