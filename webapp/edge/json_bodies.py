"""JSON that is sent to the API, read so that all programs understand it alike (RFC 7493, I-JSON).

Python's reader takes NaN, a name that is there twice, half a surrogate pair and numbers that
overflow; a database or AWS then fails on them, or another program reads something else. All of that
is refused here, before a route sees it.
"""

import json
import math
import re
from collections import Counter
from typing import Any

from fastapi import HTTPException, Request

from webapp.errors import Invalid

DEPTH_MAX = 128
"""An event for a function may have 100 levels."""
VALUES_MAX = 20_000
NUMBER_MAX_DIGITS = 40
INTEGER_MAX = 2**63 - 1
"""What a database has room for."""
SHOWN_NAME_MAX_CHARS = 40
_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
"""In JSON; also one that does not end, so that no byte is looked at twice."""
_BEFORE_VALUES = (b",", b":", b"[", b"{")
_NO_TEXT = "A text has half of a surrogate pair, which is no character."


class BadJson(HTTPException):
    """FastAPI answers any other error while it reads a body by itself."""

    def __init__(self, invalid: Invalid) -> None:
        super().__init__(invalid.status, invalid.detail)
        self.invalid = invalid


class JsonRequest(Request):
    """A request whose JSON is checked while it is read."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return read_json(body)
        except Invalid as error:
            raise BadJson(error) from error


def read_json(body: bytes) -> Any:
    """The value. Raises JSONDecodeError for what is no JSON, Invalid with the rule it breaks.

    Anybody may send JSON, and the loop reads it: so what takes long is refused before it is read.
    """
    _count_values(body)
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except UnicodeDecodeError:
        raise _bad("The JSON is not in UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    _check(value)
    return value


def _count_values(body: bytes) -> None:
    """Raises Invalid for too many values; names of fields count too."""
    marks = _TEXT.sub(b"", body)
    if sum(map(marks.count, _BEFORE_VALUES)) >= VALUES_MAX:
        raise _bad(f"The JSON has more than {VALUES_MAX} values.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (double, _), *_others = Counter(name for name, _ in pairs).most_common(1)
        raise _bad("The same field is there twice.", _shown(double))
    return found


def _constant(name: str) -> float:
    raise _bad(f"{name} is no number in JSON.")


def _integer(digits: str) -> int:
    if len(digits) > NUMBER_MAX_DIGITS or abs(number := int(digits)) > INTEGER_MAX:
        raise _bad("A number is too large.")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _bad("A number is too large.")
    return number


def _check(value: Any) -> None:
    """Raises Invalid for a value that is too deep, or a text that is none."""
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(value, ())]
    while waiting:
        part, path = waiting.pop()
        if isinstance(part, str) and _SURROGATE.search(part):
            raise _bad(_NO_TEXT, ".".join(map(_shown, path)))
        if not isinstance(part, dict | list) or not part:
            continue
        if len(path) == DEPTH_MAX:
            raise _too_deep()
        if isinstance(part, dict):
            waiting += [(name, path) for name in part]
        inner = part.items() if isinstance(part, dict) else enumerate(part)
        waiting += [(each, (*path, name)) for name, each in inner]


def _too_deep() -> Invalid:
    return _bad(f"The JSON is nested too deeply: at most {DEPTH_MAX} levels.")


def _bad(detail: str, field: str | None = None) -> Invalid:
    return Invalid(detail, code="bad_json", field=field, remedy="Check what was sent.")


def _shown(name: Any) -> str:
    return str(name)[:SHOWN_NAME_MAX_CHARS].encode("ascii", "backslashreplace").decode()
