"""The description as the reference page shows it: operations by tag, their fields in words."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from webapp.models.texts import BLOCK_PATTERN, LINE_PATTERN
from webapp.routes.api.description.document import operations

KINDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}
OF_ANY_TEXT = (LINE_PATTERN, BLOCK_PATTERN)
"""Rules that nobody needs to read: no control characters."""
DEPTH_MAX = 3
"""Fields within fields are listed so deep."""


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body: `hours.start`."""

    name: str
    where: str
    kind: str
    pattern: str
    required: bool
    about: str


@dataclass(frozen=True)
class Answer:
    """`example` is JSON; '' if the body is empty."""

    status: str
    about: str
    headers: tuple[str, ...]
    example: str


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    about: str
    body_about: str
    fields: list[Field]
    answers: list[Answer]
    curl: str

    @property
    def successes(self) -> list[Answer]:
        return [each for each in self.answers if each.status < "400"]

    @property
    def problems(self) -> list[Answer]:
        return [each for each in self.answers if each.status >= "400"]


@dataclass(frozen=True)
class Tag:
    name: str
    about: str
    operations: list[Operation]


class Reference:
    """`origin` is where the examples send their requests."""

    def __init__(self, described: dict[str, Any], origin: str) -> None:
        self._described = described
        self._origin = origin

    def tags(self) -> list[Tag]:
        found = [self._operation(*each) for each in operations(self._described)]
        tags = {each["operationId"]: each["tags"][0] for _, _, each in operations(self._described)}
        return [
            Tag(
                name=tag["name"],
                about=tag["description"],
                operations=[each for each in found if tags[each.id] == tag["name"]],
            )
            for tag in self._described["tags"]
        ]

    def _operation(self, path: str, method: str, about: dict[str, Any]) -> Operation:
        body = about.get("requestBody", {}).get("content", {}).get("application/json", {})
        parameters = [
            self._field(each["name"], each["in"], each["schema"], each)
            for each in about.get("parameters", ())
        ]
        schema = self._resolved(body.get("schema", {}))
        return Operation(
            id=about["operationId"],
            method=method.upper(),
            path=path,
            summary=about["summary"],
            about=about["description"],
            body_about=schema.get("description", ""),
            fields=[*parameters, *self._fields(schema)],
            answers=[self._answer(*each) for each in about["responses"].items()],
            curl=self._curl(path, method, about.get("parameters", ()), body.get("example")),
        )

    def _answer(self, status: str, answer: dict[str, Any]) -> Answer:
        answer = self._resolved(answer)
        content: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
        return Answer(
            status=status,
            about=answer["description"],
            headers=tuple(answer.get("headers", {})),
            example=json.dumps(content["example"], indent=2) if "example" in content else "",
        )

    def _fields(self, schema: dict[str, Any], above: str = "") -> Iterator[Field]:
        for name, about in schema.get("properties", {}).items():
            required = {"required": name in schema.get("required", ())}
            whole = f"{above}{name}"
            yield self._field(whole, "body", about, about | required)
            if whole.count(".") + 1 < DEPTH_MAX:
                yield from self._fields(self._plain(about), f"{whole}.")

    def _field(self, name: str, where: str, schema: dict[str, Any], about: dict[str, Any]) -> Field:
        plain = self._plain(schema)
        rule = plain.get("pattern", "")
        pattern = "" if rule in OF_ANY_TEXT else rule.removeprefix("^").removesuffix("$")
        words = [about.get("description", "")]
        words += [f"{json.dumps(schema['default'])} unless sent"] if schema.get("default") else []
        return Field(
            name=name,
            where=where,
            kind=self._kind(schema),
            pattern=pattern.removeprefix("(?:").removesuffix(")") if "(?:" in pattern else pattern,
            required=bool(about.get("required")),
            about="; ".join(word for word in words if word),
        )

    def _kind(self, schema: dict[str, Any]) -> str:
        """In words, such as `whole number, 1 to 3` or `list of text`."""
        if "anyOf" in schema:
            return " or ".join(self._kind(each) for each in schema["anyOf"])
        schema = self._resolved(schema)
        if "enum" in schema:
            return "one of " + ", ".join(json.dumps(each) for each in schema["enum"])
        kind: str = schema.get("type", "anything")
        if kind == "array":
            return f"list of {self._kind(schema['items'])}"
        return KINDS.get(kind, kind) + _limits(schema)

    def _plain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Of what may be null or left out, the schema of the value."""
        first = schema["anyOf"][0] if "anyOf" in schema else schema
        return self._resolved(first)

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = part
        if "$ref" in part:
            found = self._described
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
        return found

    def _curl(self, path: str, method: str, parameters: Any, body: Any) -> str:
        examples = {each["name"]: each for each in parameters if "example" in each}
        for name, each in examples.items():
            path = path.replace(f"{{{name}}}", quote(str(each["example"])))
        asked = {n: each["example"] for n, each in examples.items() if each["in"] == "query"}
        url = f"{self._origin}{path}" + (f"?{urlencode(asked)}" if asked else "")
        words = ["curl", shlex.quote(url), '-H "Authorization: Bearer $TOKEN"']
        if method != ("get" if body is None else "post"):
            words.insert(1, f"-X {method.upper()}")
        if body is not None:
            words.append(f"--json {shlex.quote(json.dumps(body))}")
        return " ".join(words)


def _limits(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    longest = schema.get("maxLength")
    return f", at most {longest} characters" if longest else ""
