"""What a JSON Schema demands of a value, in plain words.

The library `jsonschema` finds what does not fit. Its own texts are for programmers and quote the
schema, so none of them is shown: the sentence comes from the part of the schema that was broken.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from json import dumps, loads
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webapp.outbound.hosts import is_aws_interface, is_public_host

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import ValidationError

Schema = Mapping[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REQUIRED = "This field is required."
NO_SUCH_FIELD = "There is no such field."
VALIDATORS_CACHED = 64
HTTPS = 443
_BRACKETS = re.compile(r"(?<!\\)\[(\^?)((?:\\.|[^\]\\])*)\]")
_IN_BRACKETS = re.compile(r"(\\.|\w-\w)|[(){}/|]|^-|-$")
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_URL_CHARS = re.compile(r"[!#-;=?-\[\]_a-z{}~]+", re.IGNORECASE)
_BY_FORMAT = {
    "hostname": "Enter a host name such as api.example.com.",
    "regex": "Enter a regular expression such as ^[0-9]{1,10}$.",
    "uri": "Enter a URL that begins with https:// and a public host name, not one of AWS.",
    "uri-template": "Enter a URL that begins with https:// and a public host name, not one of AWS.",
}
FORMATS = tuple(_BY_FORMAT)


def problems(schema: Schema, value: Any) -> dict[str, str]:
    """What does not fit, by the dotted path of the field; '' is the value itself."""
    found: dict[str, str] = {}
    for error in _validator(dumps(schema)).iter_errors(value):
        for path, sentence in _sentences(error):
            found.setdefault(".".join(path), sentence)
    for place in _unusable(value):
        found.setdefault(place, "Remove the characters that cannot be shown.")
    return {path.encode(errors="replace").decode(): told for path, told in found.items()}


def closed(schema: Schema) -> dict[str, Any]:
    """The schema without room for fields that it does not have: such a name is misspelt."""
    if schema["type"] == "object":
        return {**schema, "additionalProperties": False}
    return {**schema, "items": closed(schema["items"])} if "items" in schema else dict(schema)


def rule(schema: Schema) -> str:
    """What a value has to be, as a sentence for the person who types it."""
    if "oneOf" in schema or "enum" in schema or "const" in schema:
        return "Choose one from the list."
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return f"Enter a {'whole number' if kind == 'integer' else 'number'}{_range(schema)}."
    if kind == "array":
        return _of_list(schema)
    if kind == "boolean":
        return "Choose yes or no."
    return _of_text(schema) if kind == "string" else "Fill in its fields."


def _sentences(error: "ValidationError") -> list[tuple[list[str], str]]:
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [([*path, name], REQUIRED) for name in missing]
    if error.validator == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return [([*path, name], NO_SUCH_FIELD) for name in extra]
    return [(path, rule(error.schema))]


def _unusable(value: Any, path: str = "") -> Iterator[str]:
    """Where texts have control characters, or halves of a surrogate pair."""
    if isinstance(value, str) and _UNUSABLE.search(value):
        yield path
    inner = value.items() if isinstance(value, Mapping) else ()
    for name, part in enumerate(value) if isinstance(value, list) else inner:
        yield from _unusable(part, f"{path}.{name}" if path else str(name))


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return f" of at most {high}" if high is not None else ""


def _of_text(schema: Schema) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    length = f"{low or 'at most'}{' to' if low else ''} {high}" if high else f"at least {low}"
    like = f" such as {schema['examples'][0]}" if schema.get("examples") else ""
    if "pattern" in schema:
        return f"Enter a text that matches {schema['pattern']}{like}{_and_length(schema, length)}."
    return f"Enter {length} characters{like}." if low or high else f"Enter a text{like}."


def _and_length(schema: Schema, length: str) -> str:
    limited = "minLength" in schema or "maxLength" in schema
    return f", {length} characters long" if limited else ""


def _of_list(schema: Schema) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if "enum" in schema.get("items", {}) or "oneOf" in schema.get("items", {}):
        return f"Choose at least {low} from the list." if low else "Choose from the list."
    different = "different " if schema.get("uniqueItems") else ""
    if low and high:
        return f"Enter {low} to {high} {different}entries."
    if high:
        return f"Enter at most {high} {different}entries."
    return (
        f"Enter at least {low} {different}{'entry' if low == 1 else 'entries'}."
        if low
        else (f"Enter a list of {different}entries.")
    )


def for_browsers(pattern: str) -> str:
    """The pattern for an <input pattern>, which browsers match against the whole text, with the v
    flag: that wants a backslash before these characters in brackets, where JSON Schema does not.
    """
    whole = pattern.removeprefix("^").removesuffix("$")
    return _BRACKETS.sub(lambda found: f"[{found[1]}{_escaped(found[2])}]", whole)


def _escaped(inside: str) -> str:
    return _IN_BRACKETS.sub(lambda found: found[0] if found[1] else f"\\{found[0]}", inside)


@lru_cache(VALIDATORS_CACHED)
def _validator(schema: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(loads(schema), format_checker=_formats())


def _is_url(text: str) -> bool:
    """https, at a public host on the one port that a network lets out; no name or password.

    Not AWS's own interfaces: a function would send them the partner's key, and may reach them
    inside its network."""
    try:
        parts = urlsplit(text)
        at = HTTPS if parts.port is None else parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    plain = not parts.fragment and "@" not in parts.netloc and bool(_URL_CHARS.fullmatch(text))
    plain = plain and not {".", ".."} & {*parts.path.split("/")}
    plain = plain and is_public_host(host) and not is_aws_interface(host)
    return parts.scheme == "https" and at == HTTPS and plain


def _is_regex(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


_CHECKS: dict[str, Callable[[str], object]] = {
    "hostname": is_public_host,
    "regex": _is_regex,
    "uri": lambda text: _is_url(text) and not {*"{}"} & {*text},
    "uri-template": _is_url,
}


def _checker(fits: Callable[[str], object]) -> Callable[[object], bool]:
    """A format applies to texts only."""
    return lambda value: not isinstance(value, str) or bool(fits(value))


@cache
def _formats() -> "FormatChecker":
    from jsonschema import FormatChecker

    made = FormatChecker(formats=())
    for name, fits in _CHECKS.items():
        made.checks(name)(_checker(fits))
    return made
