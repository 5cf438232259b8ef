"""Which patterns may check what callers send, and whether the settings of a template fit together.

A regular expression can take for ever (catastrophic backtracking), and these come from the people
who make functions. So only part of the syntax is allowed, for which the work can be calculated:
characters and classes with a quantifier each, and groups of alternatives that are not repeated.
"""

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any
from urllib.parse import urlsplit

VALUE_MAX_CHARS = 500
"""As in `lambda_templates/shared/parameters.py`."""
WAYS_MAX = 2_000_000
PATTERN_MAX_CHARS = 200
PLACE = re.compile(r"\{([^{}]*)\}")
NEVER_PASSED = frozenset(
    {
        *("authorization", "x-api-key", "cookie", "host", "content-length", "connection", "te"),
        *("transfer-encoding", "upgrade", "keep-alive", "trailer", "expect", "accept-encoding"),
        *("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "x-method-override"),
    }
)
"""Of a caller's headers: its credentials, what belongs to one connection, and what tells some
servers another source, path or method. As in the handler `http_relay`, which drops them too."""
NEVER_BEGINNINGS = (
    *("proxy-", "x-amz", "x-forwarded-", "sec-"),
    *("x-original-", "x-rewrite-", "x-http-method"),
)
_CLASS_PART = r"\\[dws]|\\[^\w\s]|[^\[\]\\]"
_TOKEN = re.compile(
    rf"""(?P<open>\((?:\?:)?) | (?P<close>\)\??) | (?P<bar>\|) |
    (?:\\[dws] | \\[^\w\s] | \[\^?(?:{_CLASS_PART})+\] | [^\\\[\](){{}}|*+?^$])
    (?P<many>[?*+] | \{{(?P<low>\d{{1,3}})(?P<to>,(?P<high>\d{{0,3}}))?\}})?""",
    re.VERBOSE,
)
_SET_OPERATIONS = re.compile(r"--|&&|~~|\|\|")
"""Python warns of these in a class, where they may once mean something else."""
HOW = (
    "Use characters, classes such as [A-Z0-9] or \\d with {2,10}, ?, * or + behind them, and "
    "groups such as (EUR|USD) that are not repeated."
)


def why_unsafe(pattern: str) -> str:
    """A sentence about what is wrong with the pattern; '' if values can be checked by it."""
    if len(pattern) > PATTERN_MAX_CHARS:
        return f"A pattern has at most {PATTERN_MAX_CHARS} characters."
    ways = _ways(pattern.removeprefix("^").removesuffix("$"))
    if ways is None or _SET_OPERATIONS.search(pattern):
        return f"This pattern cannot be used. {HOW}"
    if ways > WAYS_MAX:
        return f"There are too many ways to match this pattern. {HOW}"
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError) as error:
        return f"This is not a regular expression: {error}."
    return ""


def problems(settings: Mapping[str, Any]) -> dict[str, str]:
    """What does not fit together, by the path of the setting: `parameters.0.pattern`.

    `settings` has all settings of the template, with None for those without a value. In a user's
    own template a setting may mean something else than in Egret's, and is then not checked.
    """
    url, rows = settings.get("url"), settings.get("parameters") or []
    if not (isinstance(url, str) and "parameters" in settings and _are_rows(rows)):
        return {}
    found = _of_relay(url, settings) if "check_path" in settings else {}
    for number, row in enumerate(rows):
        if why := why_unsafe(row["pattern"]):
            found[f"parameters.{number}.pattern"] = why
    names = [row["name"] for row in rows]
    for number, row in enumerate(rows):
        if row["name"] in names[:number]:
            found[f"parameters.{number}.name"] = "There is already a parameter of this name."
    return found or _of_values(url, rows)


def _are_rows(rows: Any) -> bool:
    """Whether they are `{name, pattern, default?}`, all texts."""
    return isinstance(rows, list) and all(
        isinstance(row, Mapping)
        and {"name", "pattern"} <= row.keys()
        and all(isinstance(row.get(part, ""), str) for part in ("name", "pattern", "default"))
        for row in rows
    )


def _of_relay(url: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """What callers add has to match one of the paths; some headers are never passed on."""
    found = {}
    if urlsplit(url).query:
        found["url"] = (
            "The path that a caller adds comes after it, so it cannot have a question mark."
        )
    for number, pattern in enumerate(_texts(settings.get("paths"))):
        if why := why_unsafe(pattern):
            found["paths"] = f"Line {number + 1}: {why}"
    if bad := [name for name in _texts(settings.get("headers")) if _is_never_passed(name)]:
        found["headers"] = f"{bad[0]} is never passed on. Remove that line."
    return found


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _is_never_passed(header: str) -> bool:
    name = header.lower()
    return name in NEVER_PASSED or name.startswith(NEVER_BEGINNINGS)


def _of_values(url: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the rows and the places in a URL template lack."""
    found = {}
    for number, row in enumerate(rows):
        default = row.get("default")
        if default is not None and not re.fullmatch(row["pattern"], default, re.ASCII):
            found[f"parameters.{number}.default"] = "The default does not match the pattern."
        elif default is None and row.get("required"):
            found[f"parameters.{number}.default"] = (
                "Enter a default: Egret's own calls use it for a required parameter."
            )
    if {*"{}"} & {*PLACE.sub("", url)}:
        return {"url": "It has a brace that belongs to no place: write places as {name}."}
    return found if found or not PLACE.search(url) else _of_places(url, rows)


def _of_places(url: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    parts = urlsplit(url)
    in_path, everywhere = PLACE.findall(parts.path), PLACE.findall(parts.path + parts.query)
    names = {row["name"]: row for row in rows}
    lacking = [name for name in everywhere if name not in names]
    if lacking:
        return {"url": f"There is no parameter for {{{lacking[0]}}}. Add a row for it below."}
    if any(PLACE.search(pair.partition("=")[0]) for pair in parts.query.split("&")):
        return {"url": "In the query, only values can be filled in, such as ?date={date}."}
    found = {}
    for number, row in enumerate(rows):
        if row["name"] not in everywhere:
            found[f"parameters.{number}.name"] = (
                f"The URL has no {{{row['name']}}}. Add it there, or remove this row."
            )
        elif row["name"] in in_path and not (row.get("required") or row.get("default")):
            found[f"parameters.{number}.default"] = (
                "A part of the path cannot be left out: make it required, or enter a default."
            )
    return found


def _ways(pattern: str) -> int | None:
    """An upper bound of the ways to match; None if the pattern has syntax that is not allowed."""
    ways, at, depth, alternatives = 1, 0, 0, 1
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return None
        depth += (token["open"] is not None) - (token["close"] is not None)
        if depth not in (0, 1):
            return None
        if token["bar"]:
            alternatives += 1
        if token["close"] or token["open"]:
            ways, alternatives = ways * alternatives * 2, 1
        ways *= _choices(token)
        at = token.end()
    return prod((ways, alternatives)) if depth == 0 else None


def _choices(token: re.Match[str]) -> int:
    """How many lengths the token may have."""
    if token["many"] is None:
        return 1
    if token["low"] is None:
        return 2 if token["many"] == "?" else VALUE_MAX_CHARS + 1
    if token["to"] is None:
        return 1
    high = int(token["high"]) if token["high"] else VALUE_MAX_CHARS
    return max(1, high - int(token["low"]) + 1)
