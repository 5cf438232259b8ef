"""Answers of others on a page: JSON with indents, and no more of it than is shown.

A small body may have thousands of values at a great depth: with all its indents it has hundreds of
megabytes.
"""

import json
from collections.abc import Iterable


def shown_json(body: bytes, max_chars: int, rest: str) -> str:
    """The body with indents if it is JSON, else as it is.

    What is over `max_chars` is cut; `rest` then says where all of it is.
    """
    try:
        parts = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(body))
        text = _beginning(parts, max_chars)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    text = text.encode(errors="replace").decode()  # half a surrogate pair is JSON, not UTF-8
    return text if len(text) <= max_chars else f"{text[:max_chars]}\n… {rest}"


def _beginning(parts: Iterable[str], max_chars: int) -> str:
    """Of the text that the parts are: more than `max_chars`, if there is more."""
    made, size = [], 0
    for part in parts:
        made.append(part)
        size += len(part)
        if size > max_chars:
            break
    return "".join(made)
