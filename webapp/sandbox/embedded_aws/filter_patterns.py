"""Filter patterns of CloudWatch Logs, by its documentation ("Filter pattern syntax").

Terms are case-sensitive and match anywhere in a message: `a b` is both, `?a ?b` one of them, `-a`
excludes, `"a b"` is a phrase, `%a.b%` a regular expression. Beside other terms, `?a` counts for
nothing. `{ … }` compares properties of a message in JSON. `[ … ]`, which takes a message for
columns, is refused: nothing here uses it.
"""

import json
import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

Matches = Callable[[str], bool]
Condition = Callable[[Any], bool]

PATTERN_MAX_CHARS = 1024
PATTERNS_KEPT = 256
QUOTED = r'"(?:[^"\\]|\\.)*"'
TERM = re.compile(rf'\s*([?-]?)(?:({QUOTED})|(%[^%]+%)|([^\s"%?{{\[-][^\s"]*))(?=\s|$)')
TOKEN = re.compile(
    rf"\s*({QUOTED}|%[^%]+%|&&|\|\||[()]|!=|>=|<=|=|>|<|\$[^\s()=<>!&|]*|[^\s()=<>!&|]+)"
)
SELECTOR = re.compile(r"\.([^.\[\]]+)|\[(?:(\d+)|'([^']+)'|\"([^\"]+)\")\]")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
MISSING = object()


class InvalidPattern(ValueError):
    """AWS answers InvalidParameterException."""


@lru_cache(PATTERNS_KEPT)
def compiled(pattern: str) -> Matches:
    """Whether a message matches the pattern. Raises InvalidPattern."""
    pattern = pattern.strip()
    if len(pattern) > PATTERN_MAX_CHARS:
        raise InvalidPattern(f"longer than {PATTERN_MAX_CHARS} characters")
    if pattern.startswith("{"):
        return _of_json(pattern)
    if pattern.startswith("["):
        raise InvalidPattern("columns are not supported by the sandbox")
    return _of_terms(pattern)


def _of_terms(pattern: str) -> Matches:
    groups: dict[str, list[Matches]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(pattern):
        found = TERM.match(pattern, at)
        if found is None:
            raise InvalidPattern(f"at {pattern[at : at + 20]}")
        sign, quoted, regex, word = found.groups()
        groups[sign].append(_regex(regex) if regex else _contains(_unquoted(quoted or word)))
        at = found.end()
    required, optional, excluded = groups[""], groups["?"], groups["-"]
    if required or excluded:
        optional = []

    def matches(message: str) -> bool:
        return (
            all(term(message) for term in required)
            and not any(term(message) for term in excluded)
            and (not optional or any(term(message) for term in optional))
        )

    return matches


def _contains(text: str) -> Matches:
    return lambda message: text in message


def _regex(written: str) -> Matches:
    if "(" in written or ")" in written:
        raise InvalidPattern("a regular expression with a group")
    try:
        found = re.compile(written[1:-1])
    except re.error as error:
        raise InvalidPattern(str(error)) from error
    return lambda message: bool(found.search(message))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _of_json(pattern: str) -> Matches:
    if not pattern.endswith("}"):
        raise InvalidPattern("the brace is not closed")
    condition = _Parser(pattern[1:-1]).whole()

    def matches(message: str) -> bool:
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(value, dict) and condition(value)

    return matches


class _Parser:
    """`||` binds less than `&&`, and parentheses bind most."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise InvalidPattern(f"at {text[at : at + 20]}")
            self._tokens.append(found[1])
            at = found.end()

    def whole(self) -> Condition:
        condition = self._either()
        if self._tokens:
            raise InvalidPattern(f"at {self._tokens[0]}")
        return condition

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._next_is("||"):
            parts.append(self._both())
        return lambda value: any(part(value) for part in parts)

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._next_is("&&"):
            parts.append(self._one())
        return lambda value: all(part(value) for part in parts)

    def _one(self) -> Condition:
        if self._next_is("("):
            inner = self._either()
            if not self._next_is(")"):
                raise InvalidPattern("a parenthesis is not closed")
            return inner
        select = _selector(self._take())
        word = self._take()
        if word == "IS":
            return _is(select, self._take())
        if word == "NOT" and self._take() == "EXISTS":
            return lambda value: select(value) is MISSING
        if word not in COMPARISONS:
            raise InvalidPattern(f"at {word}")
        return _comparison(select, word, self._take())

    def _take(self) -> str:
        if not self._tokens:
            raise InvalidPattern("it ends too early")
        return self._tokens.pop(0)

    def _next_is(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False


def _selector(written: str) -> Callable[[Any], Any]:
    """The value at `$.a.b[0]` or `$.['a b']`, or MISSING."""
    steps = [*SELECTOR.finditer(written.removeprefix("$").replace(".[", "["))]
    if not written.startswith("$") or not steps:
        raise InvalidPattern(f"{written} is no selector")

    def select(value: Any) -> Any:
        for step in steps:
            name, index = step[1] or step[3] or step[4], step[2]
            if index is not None:
                inside = isinstance(value, list) and int(index) < len(value)
                value = value[int(index)] if inside else MISSING
            else:
                value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        return value

    return select


def _is(select: Callable[[Any], Any], word: str) -> Condition:
    wanted = {"NULL": None, "TRUE": True, "FALSE": False}.get(word, MISSING)
    if wanted is MISSING:
        raise InvalidPattern(f"IS {word}")
    return lambda value: select(value) is wanted


def _comparison(select: Callable[[Any], Any], written: str, text: str) -> Condition:
    """A number is compared with numbers only. A text may have `*`, and is compared for equality."""
    compare = COMPARISONS[written]
    if NUMBER.fullmatch(text):
        number = float(text)
        return lambda value: _is_number(select(value)) and compare(select(value), number)
    if written not in ("=", "!="):
        raise InvalidPattern(f"{written} {text}: only numbers are compared")
    equals = _regex(text) if text.startswith("%") else _like(_unquoted(text))

    def holds(value: Any) -> bool:
        found = select(value)
        if found is MISSING or isinstance(found, dict | list):
            return False
        return equals(_text(found)) is (written == "=")

    return holds


def _like(text: str) -> Matches:
    literal = re.sub(r"([\[?])", r"[\1]", text)
    return lambda found: fnmatchcase(found, literal)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
