"""Reads values from JSON that someone else wrote: a value of the wanted type, or an empty one.

A partner's response and the content of a key are outside our control, so a value of the wrong type
counts as missing. Half of a surrogate pair, which JSON can hold but a page cannot, becomes "?".
"""

import json
from typing import Any


def parse_object(text: bytes) -> dict[str, Any]:
    """The JSON object in `text`, or {}."""
    try:
        return as_object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def as_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def as_texts(value: object) -> tuple[str, ...]:
    """The texts of a list, without empty ones."""
    return tuple(text for entry in as_list(value) if (text := as_text(entry)))


def as_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
