"""The settings of a template: what there is to choose, and whether what was chosen fits.

Each setting is described by a JSON Schema. A form sends texts, and the parts of a list as fields of
their own (`parameters.0.name`); the API sends JSON. Both are brought into the types of the schema
first, and then checked by it. `flat` is the way back, from values to the fields of a form.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.services.functions.catalogue.rules import (
    DIALECT,
    Schema,
    closed,
    for_browsers,
    problems,
    rule,
)

TRUE = frozenset({"true", "on", "1", "yes"})
FALSE = frozenset({"false", "off", "0", "no", ""})
URL_FORMATS = ("uri", "uri-template")
ROW = re.compile("[0-9]{1,4}")
"""The number of a row in the name of a field."""
BLANK = ("", "false", None)
"""The values of fields in a row that is left blank."""


@dataclass(frozen=True)
class Setting:
    """One thing to choose. `schema` is what its value has to be, by JSON Schema."""

    name: str
    schema: Schema
    required: bool = False

    @property
    def label(self) -> str:
        return label_of(self.name, self.schema)

    @property
    def help(self) -> str:
        return str(self.schema.get("description", ""))

    @property
    def type(self) -> str:
        """`choice`, or the type in JSON Schema."""
        return "choice" if self.choices else str(self.schema["type"])

    @property
    def default(self) -> Any:
        return self.schema.get("default")

    @property
    def minimum(self) -> Any:
        return self.schema.get("minimum")

    @property
    def maximum(self) -> Any:
        return self.schema.get("maximum")

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return choices_of(self.schema)

    @property
    def rule(self) -> str:
        """What its value has to be, in a sentence."""
        one_of = f"Choose one of {len(self.choices)}." if self.choices else ""
        return one_of or rule(self.schema)

    def shown(self, value: Any) -> str:
        """The value as a page says it."""
        return readable(self.schema, value)

    @property
    def control(self) -> str:
        """What a form shows: `choice`, `integer`, `number`, `boolean`, `text`, `url`, `group` (its
        parts), and for a list `checks`, `lines` or `rows` (with parts in each)."""
        kind, items = self.schema["type"], self.schema.get("items", {})
        if self.choices:
            return "choice"
        if kind == "array":
            return "checks" if choices_of(items) else "rows" if "properties" in items else "lines"
        if kind == "string":
            return "url" if self.schema.get("format") in URL_FORMATS else "text"
        return "group" if kind == "object" else str(kind)

    @property
    def item_choices(self) -> tuple[tuple[str, str], ...]:
        return choices_of(self.schema.get("items", {}))

    @property
    def parts(self) -> tuple["Setting", ...]:
        """The fields of a group, or of each row of a list."""
        whole = self.schema.get("items", self.schema)
        needed = whole.get("required", ())
        parts = whole.get("properties", {})
        return tuple(Setting(name, schema, name in needed) for name, schema in parts.items())

    @property
    def rows_max(self) -> int:
        return int(self.schema["maxItems"])

    @property
    def html_pattern(self) -> str:
        return for_browsers(str(self.schema.get("pattern", "")))

    @property
    def example(self) -> str:
        return str(next(iter(self.schema.get("examples", ())), ""))


def label_of(name: str, schema: Schema) -> str:
    return str(schema.get("title") or name.replace("_", " ").capitalize())


def choices_of(schema: Schema) -> tuple[tuple[str, str], ...]:
    """The (value, label) of each; none where anything that fits may be entered."""
    named = tuple((str(one["const"]), str(one["title"])) for one in schema.get("oneOf", ()))
    return named or tuple((str(value), str(value)) for value in schema.get("enum", ()))


def schema_of(settings: Iterable[Setting]) -> dict[str, Any]:
    """All settings as one JSON Schema, which other programs can use."""
    every = tuple(settings)
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {setting.name: closed(setting.schema) for setting in every},
        "required": [setting.name for setting in every if setting.required],
        "additionalProperties": False,
    }


def checked(
    settings: tuple[Setting, ...], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values in their types with defaults filled in, and what is wrong, by field."""
    nested, good = _nested(values), dict[str, Any]()
    rows, errors = dict[str, list[str] | None](), dict[str, str]()
    for setting in settings:
        given = nested.pop(setting.name, None)
        if setting.schema["type"] == "array" and (isinstance(given, str) or _has_rows(given)):
            rows[setting.name] = None if isinstance(given, str) else _filled_rows(given)
        optional = setting.schema["type"] == "object" and not (setting.required or setting.default)
        given = None if optional and _is_blank(given) else given
        value = setting.default if given is None else _typed(setting.schema, given)
        if value not in (None, ""):
            good[setting.name] = value
    for path, text in problems(schema_of(settings), good | nested).items():
        field, told = _at_field(path, text, rows)
        errors.setdefault(field, told)
    return good, errors


def flat(settings: Iterable[Setting], values: Mapping[str, Any]) -> dict[str, str]:
    """The fields that a form has for these values, with texts; without the first `settings.`."""
    fields: dict[str, str] = {}
    for setting in settings:
        fields |= _flat(setting.name, setting.schema, values.get(setting.name))
    return fields


def filled_in(settings: Iterable[Setting], sent: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form that was sent; of a setting that it did not have, the default's."""
    fields: dict[str, str] = {}
    for setting in settings:
        own = {name: text for name, text in sent.items() if _first(name) == setting.name}
        fields |= own or _flat(setting.name, setting.schema, setting.default)
    return fields


def readable(schema: Schema, value: Any) -> str:
    """A value for people: the label of a choice, yes or no, a list in one line."""
    if value is None or value in ([], ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        items = schema.get("items", {})
        return ("; " if "properties" in items else ", ").join(readable(items, v) for v in value)
    if isinstance(value, Mapping):
        parts = schema.get("properties", {})
        named = ((label_of(name, parts.get(name, {})), name) for name in value)
        return ", ".join(
            f"{label.lower()} {readable(parts.get(n, {}), value[n])}" for label, n in named
        )
    labels = (one["title"] for one in schema.get("oneOf", ()) if str(one["const"]) == str(value))
    return str(next(labels, value))


def _typed(schema: Schema, given: Any) -> Any:
    """`given` in the type of the schema; or as it is, which the schema then refuses."""
    kind = schema["type"]
    if kind == "array":
        return _list(schema, given)
    if kind == "object" and isinstance(given, Mapping):
        parts = schema.get("properties", {})
        typed = {name: _typed(parts[name], v) if name in parts else v for name, v in given.items()}
        needed = schema.get("required", ())
        return {name: v for name, v in typed.items() if v not in (None, "") or name in needed}
    if isinstance(given, str):
        return _of_text(kind, given.strip())
    if kind == "string" and isinstance(given, int | float) and not isinstance(given, bool):
        return str(given)
    return given


def _list(schema: Schema, given: Any) -> Any:
    if isinstance(given, str):
        given = [line.strip() for line in given.splitlines() if line.strip()]
    elif _has_rows(given):
        given = [given[row] for row in _filled_rows(given)]
    return [_typed(schema["items"], item) for item in given] if isinstance(given, list) else given


def _of_text(kind: str, text: str) -> Any:
    if kind == "boolean":
        return True if text.lower() in TRUE else False if text.lower() in FALSE else text
    try:
        if kind == "integer":
            return int(text)
        if kind == "number" and math.isfinite(number := float(text)):
            return number
    except ValueError:
        pass
    return text


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`{"a.0.b": x}` as `{"a": {"0": {"b": x}}}`. A list's own field says that it was sent."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *above, last = name.split(".")
        place = nested
        for part in above:
            inner = place.get(part)
            place[part] = place = inner if isinstance(inner, dict) else {}
        if value != "" or not isinstance(place.get(last), dict):
            place[last] = value
    return nested


def _filled_rows(rows: Mapping[str, Any]) -> list[str]:
    """The numbers of the rows in which something was filled in, in their order."""
    return [number for number in sorted(rows, key=int) if not _is_blank(rows[number])]


def _has_rows(given: Any) -> bool:
    """Whether it is a list as forms send it: by the numbers of its rows."""
    return isinstance(given, Mapping) and all(map(ROW.fullmatch, given))


def _is_blank(row: Any) -> bool:
    return all(v in BLANK for v in row.values()) if isinstance(row, Mapping) else row in BLANK


def _at_field(path: str, text: str, rows: Mapping[str, list[str] | None]) -> tuple[str, str]:
    """The field of the form and what it says: blank rows were left out before the check, and all
    lines of a text (None) are in one field."""
    name, *rest = path.split(".")
    if name not in rows or not rest or not ROW.fullmatch(rest[0]):
        return path, text
    numbers, at = rows[name], int(rest[0])
    if numbers is None:
        return name, f"Line {at + 1}: {text}"
    return ".".join([name, numbers[at], *rest[1:]]), text


def _flat(name: str, schema: Schema, value: Any) -> dict[str, str]:
    if isinstance(value, bool):
        return {name: "true" if value else "false"}
    if schema["type"] == "object":
        return _flat_parts(name, schema, value or {})
    if schema["type"] != "array":
        return {name: "" if value is None else str(value)}
    items, rows = schema["items"], value or []
    if choices := [choice for choice, _ in choices_of(items)]:
        return {name: ""} | {f"{name}.{choices.index(v)}": v for v in rows if v in choices}
    if "properties" not in items:
        return {name: "\n".join(str(row) for row in rows)}
    fields = {name: ""}
    for number, row in enumerate(rows):
        fields |= _flat_parts(f"{name}.{number}", items, row)
    return fields


def _flat_parts(name: str, schema: Schema, value: Mapping[str, Any]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part, inner in schema.get("properties", {}).items():
        fields |= _flat(f"{name}.{part}", inner, value.get(part))
    return fields


def _first(name: str) -> str:
    return name.partition(".")[0]
