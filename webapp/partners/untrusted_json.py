"""Reads values from JSON that someone else wrote: a value of the wanted type, or an empty one.

A partner's response and the content of a key are outside our control, so a value of the wrong type
counts as missing. What JSON can hold but a page or a database cannot becomes "?": half of a
surrogate pair, and NUL.
"""

import json
import unicodedata
from typing import Any

NUMBER_MAX = 2**53 - 1
"""Larger ones do not mean the same to all programs (RFC 8259)."""
ROWS_MAX = 1_000
"""Of a table that is made of a list; the JSON has all of them."""
CELL_MAX_CHARS = 120
CUT = "… (cut)"


def parse_object(text: bytes) -> dict[str, Any]:
    """The JSON object in `text`, or {}."""
    try:
        return as_object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


INVISIBLE = frozenset({"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"})
FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by their category, and blank all the same."""


def as_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode().replace("\0", "?")


def as_words(value: object) -> str:
    """A text of which something can be seen, or ''."""
    text = as_text(value)
    seen = (unicodedata.category(c) not in INVISIBLE and c not in FILLERS for c in text)
    return text if any(seen) else ""


def as_cell(value: object) -> str:
    """The same, for a cell of a table."""
    return shortened(as_words(value))


def shortened(text: str, most: int = CELL_MAX_CHARS) -> str:
    """The text, or its beginning with a word that says so."""
    return text if len(text) <= most else f"{text[:most]}{CUT}"


def as_texts(value: object) -> tuple[str, ...]:
    """The texts of a list, without empty ones."""
    return tuple(text for entry in as_list(value) if (text := as_text(entry)))


def as_number(value: object) -> int | None:
    """A whole number that a page or a database can hold."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if abs(value) <= NUMBER_MAX else None
