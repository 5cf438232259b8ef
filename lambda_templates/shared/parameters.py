"""Parameters that a caller may set: each with a pattern, which its whole value has to match.

A value that does not is refused, and never reaches the partner. One that does is quoted, so that it
stays in its place: it cannot begin another segment of the path or another parameter.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lambda_templates.shared.answers import Problem, as_object

VALUE_MAX_CHARS = 500
SHOWN_NAME_MAX_CHARS = 40
BAD_PARAMETER = "bad_parameter"
PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Parameter:
    """`default` is sent if the caller gives none; of a `required` one, Egret itself sends it."""

    name: str
    pattern: re.Pattern[str]
    required: bool
    default: str | None


class Parameters:
    """All that a caller may set. `rows` are those of the settings."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._known = {
            row["name"]: Parameter(
                row["name"],
                re.compile(row["pattern"], re.ASCII),
                bool(row.get("required")),
                row.get("default"),
            )
            for row in rows
        }

    def values(self, event: Mapping[str, Any]) -> dict[str, str]:
        """The value of each parameter that has one. Raises Problem."""
        given = _given(event)
        for name in given:
            if name not in self._known:
                raise _bad(name, "is not one that this function takes")
        by_caller = bool(event.get("requestContext"))
        found = {
            name: _value(parameter, given.get(name, ()), by_caller)
            for name, parameter in self._known.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{name}` replaced by that value, quoted."""
    return PLACE.sub(lambda found: quote(values[found[1]], safe=""), template)


def _given(event: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """What API Gateway passes on: every value of a name, decoded."""
    given = as_object(event.get("queryStringParameters")) | as_object(
        event.get("multiValueQueryStringParameters")
    )
    return {name: found if isinstance(found, list) else [found] for name, found in given.items()}


def _value(parameter: Parameter, given: Sequence[str], by_caller: bool) -> str | None:
    if not given:
        if parameter.required and (by_caller or parameter.default is None):
            raise _bad(parameter.name, "is required")
        return parameter.default
    if len(given) > 1:
        raise _bad(parameter.name, "is given more than once")
    value = str(given[0])
    fits = len(value) <= VALUE_MAX_CHARS and value.isprintable()
    if not (fits and parameter.pattern.fullmatch(value)):
        raise _bad(parameter.name, f"has to match {parameter.pattern.pattern}")
    return value


def _bad(name: str, why: str) -> Problem:
    return Problem(422, BAD_PARAMETER, f"The parameter {name[:SHOWN_NAME_MAX_CHARS]} {why}.")
