"""Values that no person types, and the forms and bodies of the app that they are put into.

Everything is read from the router, its description and the pages themselves, so that what is added
is tried too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from hypothesis import strategies as st

HOSTILE_TEXTS = [
    *("\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202eabc", "a\r\nSet-Cookie: x=1", "\x1b[31m"),
    *("", " ", "\ufeff", "\u2028", "\x85", "x" * 9000, "é" * 300, "\U0001f600", "-1", "1e400"),
    *("9" * 400, "NaN", "Infinity", "true", "null", "[]", "{}", "../..", "%00", "%", "<script>"),
    *("${jndi:ldap://x}", "{{7*7}}", "'; DROP TABLE network;--", "0x7f.1", "\uffff", "new", "net"),
]
HOSTILE_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**18,
        -(2**63),
        2**63,
        1e308,
        [],
        {},
        [[]],
        [None],
        {"": ""},
    ),
    *({"a": {"b": {"c": [1, "\x00", "\ud800"]}}}, ["x"] * 300, [True], [1], {"\x00": 1}),
    {str(number): number for number in range(300)},
]
TEXTS = st.sampled_from(HOSTILE_TEXTS) | st.text(max_size=40)
VALUES = st.sampled_from(HOSTILE_VALUES) | TEXTS
ID = "0123456789ab"
PARTS_OF_PATHS = {"{caller}": "web", "{person}": "bob", "{token}": ID, "{number}": "1"}
"""Parts of a path that lead to rows which there are, besides ids and the names of networks, keys
and functions."""
TEMPLATES = Path(__file__).parents[2] / "templates"
FIELD = re.compile(r'\bname="([a-z_.]+)"')
KNOWN = {
    "name": "another",
    "region": "eu-central-1",
    "network": "net",
    "key": "key",
    "function": "fun",
    "template": "clash_rankings",
    "settings": {"location": "32000006", "limit": 10},
    "settings.location": "32000006",
    "settings.limit": "10",
    "secret": "no-key",
    "partner": "Bank",
    "rate": 1,
    "quota": 10,
    "access": "api_key",
    "availability_zones": 1,
    "nat": "single",
    "version": "1",
    "number": "1",
}
"""What fits, so that the others of a form are all that can be wrong with it."""


@dataclass(frozen=True)
class Form:
    """A form of a page, or the body of an operation of the API: where it goes, and its fields."""

    method: str
    path: str
    fields: tuple[str, ...]

    def values(self, draw: Any, of: st.SearchStrategy[Any]) -> dict[str, Any]:
        """Most of them fit; a few are anything."""
        odd = draw(st.sets(st.sampled_from(self.fields), min_size=1, max_size=3))
        usual = {name: KNOWN[name] for name in self.fields if name in KNOWN}
        return usual | {name: draw(of) for name in sorted(odd)}


def bodies_of(app: FastAPI) -> Iterator[Form]:
    """Every operation of the API that takes JSON, for the rows that there are."""
    schema = app.openapi()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if "requestBody" not in operation:
                continue
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            names = {
                name for part in _resolved(schema, body) for name in part.get("properties", ())
            }
            yield Form(method.upper(), with_known(path), tuple(sorted(names)))


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    yield part
    for inner in part.get("anyOf", ()):
        yield from _resolved(schema, inner)


def with_known(path: str) -> str:
    """The path of a row that there is."""
    kind = next((part for part in ("networks", "keys", "functions") if f"/{part}/" in path), "")
    name = {"networks": "net", "keys": "key", "functions": "fun"}.get(kind, "unknown")
    for parameter, known in {"{name}": name, **PARTS_OF_PATHS}.items():
        path = path.replace(parameter, known)
    return re.sub(r"\{\w+_id\}", ID, path).replace("{", "").replace("}", "")


def fields_of_templates() -> tuple[str, ...]:
    """The names of all fields of all forms, also of those that are shown in few cases only."""
    texts = (file.read_text(encoding="utf-8") for file in TEMPLATES.rglob("*.html"))
    return tuple(sorted({name for text in texts for name in FIELD.findall(text)}))


@dataclass
class FormsOfPage(HTMLParser):
    """The forms that change something."""

    found: list[Form] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self._paths: list[str] = []
        self._fields: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._paths = [given.get("action", "")] if given.get("method") == "post" else []
            self._fields = []
        elif tag in ("input", "select", "textarea", "button"):
            if given.get("name"):
                self._fields.append(given["name"])
            if given.get("formaction") and self._paths:
                self._paths.append(given["formaction"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            fields = tuple(dict.fromkeys(self._fields))
            self.found += [Form("POST", path, fields) for path in self._paths if fields]
            self._paths = []


def forms_of(page: str) -> list[Form]:
    parser = FormsOfPage()
    parser.feed(page)
    return parser.found
