"""A table of any JSON: the objects of a list, with a column for each name that they have.

What a partner sends is bounded in every direction: rows, columns, and the length of a cell.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from webapp.partners.untrusted_json import ROWS_MAX, as_text, shortened

COLUMNS_MAX = 12
NAME_MAX_CHARS = 40
DEPTH_MAX = 3
"""How deep in objects the first list is looked for."""

Row = dict[str, str]
"""A cell's text by its column's name; every row has all columns, in the same order."""


def table_of(body: bytes, path: str = "") -> Sequence[Row]:
    """The rows of the list at `path`, names separated by dots, or of the first list of objects.

    None if there is no such list.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found = _at(parsed, path.split(".")) if path else _first_list(parsed, DEPTH_MAX)
    objects = [each for each in found or () if isinstance(each, dict)][:ROWS_MAX]
    names = list(dict.fromkeys(name for each in objects for name in each))[:COLUMNS_MAX]
    columns = list(zip(names, _titles(names), strict=True))
    return tuple({title: _cell(row.get(name)) for name, title in columns} for row in objects)


def _at(parsed: Any, names: Iterable[str]) -> list[Any] | None:
    for name in names:
        parsed = parsed.get(name) if isinstance(parsed, dict) else None
    return parsed if isinstance(parsed, list) else None


def _first_list(parsed: Any, depth: int) -> list[Any] | None:
    """The first list that has an object, from outside to inside."""
    if isinstance(parsed, list):
        return parsed if any(isinstance(each, dict) for each in parsed) else None
    if not isinstance(parsed, dict) or depth == 0:
        return None
    ordered = sorted(parsed.values(), key=lambda value: not isinstance(value, list))
    return next(filter(None, (_first_list(value, depth - 1) for value in ordered)), None)


def _titles(names: Sequence[str]) -> list[str]:
    """The names as texts that a page can show, shortened, and each one only once."""
    titles: list[str] = []
    for name in names:
        title = shortened(as_text(name), NAME_MAX_CHARS)
        titles.append(title if title not in titles else f"{title} ({len(titles) + 1})")
    return titles


def _cell(value: object) -> str:
    """Nothing for null; what is no text as JSON."""
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
    return shortened(as_text(value))
