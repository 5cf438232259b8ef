"""What can be wrong with a template's folder, and what may be in a `template.toml`.

A fault says what is wrong, why it matters, and what to do. It never affects other templates.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from webapp.models.rules import MEMORY_MB, TEMPLATE, TIMEOUT_S
from webapp.services.functions.catalogue.rules import FORMATS, NO_SUCH_FIELD, REQUIRED, problems

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NAME = f"^{TEMPLATE}$"
SETTING_NAME = re.compile("[A-Za-z][A-Za-z0-9_-]{0,39}")
DESCRIPTION_FILE = "template.toml"
GUIDE = "docs/templates.md has every key."

ROWS_MAX = 10
"""As many rows as a form shows of a list."""
_COMMON = {"type", "title", "description", "default", "examples"}
_BY_TYPE = {
    "string": {"enum", "choices", "oneOf", "minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "boolean": set[str](),
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "object": {"properties", "required"},
}
KEYWORDS = frozenset(_COMMON.union(*_BY_TYPE.values()))
"""Those of JSON Schema that a setting may have, and `choices`."""
_SCALARS = ("string", "integer", "number", "boolean")
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
_ORIGIN = {
    "type": "string",
    "pattern": "^https://[a-z0-9.-]+$",
    "examples": ["https://api.example.com"],
}


def _number(low: int, high: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _bounds(limits: tuple[int, int]) -> dict[str, Any]:
    return _object(
        {name: _number(*limits) for name in ("default", "minimum", "maximum")}, "default"
    )


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items), "maxItems": 20, "uniqueItems": True}


DESCRIPTION = _object(
    {
        "name": {"type": "string", "pattern": NAME, "examples": ["my_rankings"]},
        "title": _TEXT,
        "summary": _TEXT,
        "version": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+){0,2}$", "examples": ["1.0"]},
        "partner": _TEXT,
        "partner_origin": _ORIGIN,
        "origin_setting": _TEXT,
        "key_kinds": _list_of(_TEXT),
        "image_hosts": _list_of({"type": "string", "format": "hostname"}),
        "preview": _TEXT,
        "memory_mb": _bounds(MEMORY_MB),
        "timeout_s": _bounds(TIMEOUT_S),
        "endpoint": _object(
            {
                "methods": _list_of({"type": "string", "enum": METHODS}) | {"minItems": 1},
                "subpaths": {"type": "boolean"},
            }
        ),
        "cache": _object(
            {"default_s": _number(0, 7 * 86_400), "max_s": _number(0, 7 * 86_400)},
        ),
        "settings": _object(
            {"properties": {"type": "object"}, "required": _list_of(_TEXT)},
        ),
    },
    "name",
    "title",
    "summary",
    "version",
    "partner",
)
"""A `template.toml`. What may be said of each setting is checked by `of_settings`."""


@dataclass(frozen=True)
class Fault:
    """`folder` is the template's. `code` is for programs; `line` is of the file, if it is known."""

    folder: str
    code: str
    what: str
    why: str
    remedy: str
    file: str = DESCRIPTION_FILE
    line: int | None = None


class Faulty(Exception):
    """A folder that is not a valid template."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.folder}: {fault.what} {fault.why}")
        self.fault = fault


def faulty(code: str, what: str, why: str, remedy: str, **where: Any) -> Faulty:
    """`where` may have a file and a line; the folder is added by `within`."""
    return Faulty(Fault("", code, tellable(what), why, remedy, **where))


def within(error: Faulty, folder: str) -> Fault:
    return replace(error.fault, folder=tellable(folder), file=tellable(error.fault.file))


def tellable(name: str) -> str:
    """A file's name as a page can show it: it may have bytes that are not UTF-8."""
    return name.encode(errors="replace").decode()


def check_description(raw: Mapping[str, Any]) -> None:
    """Raises Faulty for the first thing that may not be in a `template.toml`, or is not there."""
    for path, rule in problems(DESCRIPTION, raw).items():
        _raise_for(path, rule)
    settings = raw.get("settings", {})
    check_settings(settings.get("properties", {}), settings.get("required", ()))


def check_settings(properties: Mapping[str, Any], required: Any = ()) -> None:
    """Raises Faulty for the first setting whose description is outside the subset."""
    _check_properties("settings", properties, required, tuple(_BY_TYPE))


def _check_properties(
    path: str, properties: Mapping[str, Any], required: Any, kinds: tuple[str, ...]
) -> None:
    for name, schema in properties.items():
        if not SETTING_NAME.fullmatch(name):
            raise _bad(
                f"{path}.properties.{name}",
                "fields of a form are named by it",
                "Use 1 to 40 letters, digits, dashes and underscores, a letter first.",
            )
        _check_schema(f"{path}.properties.{name}", schema, kinds)
    unknown = [name for name in required if name not in properties]
    if unknown:
        raise _bad(
            f"{path}.required",
            f"it names {unknown[0]}, which is not a setting",
            "Take it out, or describe the setting.",
        )


def _raise_for(path: str, rule: str) -> None:
    if rule == NO_SUCH_FIELD:
        raise faulty(
            "unknown_key",
            f"{path} is not a key of a template.",
            "Nothing reads it, so it is probably misspelt.",
            f"Correct or remove it. {GUIDE}",
        )
    if rule == REQUIRED:
        raise faulty(
            "missing_key",
            f"{path} is missing.",
            "Every template must have it.",
            f"Add it. {GUIDE}",
        )
    if path.startswith("image_hosts"):
        raise faulty(
            "bad_image_host",
            f"{path} is not a public host name.",
            "Pictures are loaded over https from hosts on this list only.",
            "Write only the name, such as images.example.com: no https://, path or port.",
        )
    if path == "timeout_s" or path.startswith("timeout_s."):
        raise faulty(
            "bad_timeout",
            f"{path} is not between {TIMEOUT_S[0]} and {TIMEOUT_S[1]} seconds.",
            "API Gateway waits 29 s for an answer; nobody would get the answer of a longer call.",
            "Write timeout_s = {default = 28, minimum = 5, maximum = 29}, or less.",
        )
    raise faulty("bad_value", f"{path} does not fit.", "Its form is fixed.", f"{rule} {GUIDE}")


def _check_schema(path: str, schema: Any, kinds: tuple[str, ...]) -> None:
    if not isinstance(schema, Mapping) or schema.get("type") not in kinds:
        raise _bad(f"{path}.type", f"it is not one of {', '.join(kinds)}", "Set it to one of them.")
    kind = schema["type"]
    for keyword in schema:
        if keyword not in _COMMON | _BY_TYPE[kind]:
            known = ", ".join(sorted(_BY_TYPE[kind])) or "none of its own"
            raise _bad(
                f"{path}.{keyword}",
                f"a setting of type {kind} has no such keyword",
                f"Every type has {', '.join(sorted(_COMMON))}; this one has {known}.",
            )
    _check_dialect(path, schema)
    _check_text(path, schema)
    _check_parts(path, schema, kind)
    for place, rule in problems(schema, schema["default"]).items() if "default" in schema else ():
        at = f"{path}.default{'.' if place else ''}{place}"
        raise _bad(at, "the default breaks the setting's own rule", rule)


def _check_dialect(path: str, schema: Mapping[str, Any]) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join([path, *(str(part) for part in error.absolute_path)])
        raise _bad(where, "its value is not what JSON Schema asks for", GUIDE) from None
    except (OverflowError, RecursionError):
        raise _bad(f"{path}.pattern", "it is too large for a pattern", GUIDE) from None


def _check_text(path: str, schema: Mapping[str, Any]) -> None:
    pattern = schema.get("pattern", "^$")
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise _bad(
            f"{path}.pattern",
            "it would match a part of the text, while a browser matches all of it",
            "Begin it with ^ and end it with $.",
        )
    if [] in (schema.get("enum"), schema.get("oneOf")):
        raise _bad(path, "there is nothing to choose", "List at least one choice.")
    _check_choices(path, schema)
    if schema.get("format", FORMATS[0]) not in FORMATS:
        raise _bad(f"{path}.format", "nothing checks this format", f"Use {', '.join(FORMATS)}.")


def _check_choices(path: str, schema: Mapping[str, Any]) -> None:
    """Each choice is a text, with a label if it is one of `oneOf`, and is there once."""
    named = schema.get("oneOf", ())
    if not all(isinstance(one, Mapping) and {*one} == {"const", "title"} for one in named):
        raise _bad(
            f"{path}.oneOf",
            "each choice has a value and a label",
            'Write it as [{const = "1", title = "One"}, …].',
        )
    values = [one["const"] for one in named]
    labels = [one["title"] for one in named]
    if not all(isinstance(text, str) for text in [*values, *labels, *schema.get("enum", ())]):
        raise _bad(path, "a choice is not a text", 'Write it in quotes, such as "1".')
    if len(set(values)) < len(values):
        raise _bad(path, "a choice is listed twice, so neither would fit", "Remove one.")


def _check_parts(path: str, schema: Mapping[str, Any], kind: str) -> None:
    """Lists have texts or rows, rows have simple values: as much as a form can show."""
    if kind == "array":
        _check_schema(f"{path}.items", schema.get("items"), ("string", "object"))
        if schema["items"]["type"] == "object" and schema.get("maxItems", ROWS_MAX + 1) > ROWS_MAX:
            most = f"a form shows {ROWS_MAX} rows at most"
            raise _bad(f"{path}.maxItems", most, f"Set maxItems to {ROWS_MAX} or less.")
    if kind == "object":
        if not schema.get("properties"):
            raise _bad(f"{path}.properties", "there is nothing to fill in", "Describe its fields.")
        _check_properties(path, schema["properties"], schema.get("required", ()), _SCALARS)


def _bad(path: str, why: str, remedy: str) -> Faulty:
    return faulty("bad_schema", f"{path} cannot be used.", f"{why[0].upper()}{why[1:]}.", remedy)
