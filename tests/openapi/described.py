"""The API's description, as tests compare it with what the API takes and answers."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from jsonschema import Draft202012Validator

from tests.inside import DirectClient
from webapp.main import create_app
from webapp.routes.api.description.document import operations
from webapp.settings import Settings

API = "/api/v1/"
ITSELF = f"{API}openapi.json"
JSON_TYPES = ("application/json", "application/problem+json")
CHECKED_MAX = 5
"""Of one operation's answers with one status, in one process: a poll asks the same many times."""


@dataclass(frozen=True)
class Operation:
    path: str
    method: str
    about: dict[str, Any]

    @property
    def id(self) -> str:
        found: str = self.about["operationId"]
        return found

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(self.path)))


@dataclass
class Described:
    """`document` is OpenAPI 3.1."""

    document: dict[str, Any]
    checked: Counter[tuple[str, int]] = field(default_factory=Counter)

    @cached_property
    def operations(self) -> list[Operation]:
        return [Operation(*each) for each in operations(self.document)]

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        """The part itself, or what it refers to."""
        if "$ref" not in part:
            return part
        found: dict[str, Any] = self.document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found

    def problems(self, schema: dict[str, Any], value: Any) -> list[str]:
        """How the value breaks the schema."""
        known = {**schema, "components": self.document["components"]}
        found = Draft202012Validator(known).iter_errors(value)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]

    def bodies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What each operation takes and answers as JSON: where it is, its schema and example."""
        for each in self.operations:
            parts = {"request": each.about.get("requestBody", {}), **each.about["responses"]}
            for name, part in parts.items():
                for kind, content in self.resolved(part).get("content", {}).items():
                    if kind in JSON_TYPES:
                        yield f"{each.id} {name}", content

    def find(self, method: str, path: str) -> Operation | None:
        """As the router does: the first one that matches. HEAD is a GET."""
        wanted = "get" if method == "HEAD" else method.lower()
        matching = (each for each in self.operations if each.pattern.fullmatch(path))
        return next((each for each in matching if each.method == wanted), None)

    def check(self, answer: Any) -> None:
        """Raises AssertionError if the description does not say that this may be answered."""
        request = answer.request
        path = request.url.raw_path.decode().partition("?")[0]
        if not path.startswith(API) or path == ITSELF:
            return
        operation = self.find(request.method, path)
        if operation is None:  # no such path or method, which other tests are about
            return
        key = operation.id, answer.status_code
        self.checked[key] += 1
        if self.checked[key] <= CHECKED_MAX:
            self._check(operation, answer, is_head=request.method == "HEAD")

    def _check(self, operation: Operation, answer: Any, *, is_head: bool) -> None:
        where = f"{operation.id} {answer.status_code}"
        found = operation.about["responses"].get(str(answer.status_code))
        assert found, f"{where} is not described"
        described = self.resolved(found)
        for name in described["headers"]:
            assert name in answer.headers or name in OPTIONAL, f"{where} has no {name}"
        content = described.get("content", {})
        if is_head or not content:
            assert not answer.content, f"{where} is not empty: {answer.text[:200]}"
            return
        kind = answer.headers.get("content-type", "").partition(";")[0]
        assert kind in content, f"{where} is described as {[*content]}, and is {kind}"
        if kind in JSON_TYPES:
            problems = self.problems(content[kind]["schema"], answer.json())
            assert not problems, f"{where}: {problems}"


_making = Lock()
OPTIONAL = frozenset({"X-Egress-Ip"})
"""Headers that an answer may lack."""


def described() -> Described:
    """Of the product. It is made once, also when many threads ask for it at once."""
    with _making:
        return _described()


@cache
def _described() -> Described:
    with tempfile.TemporaryDirectory() as folder:
        return Described(create_app(Settings(data_dir=Path(folder))).openapi())


class CheckingClient(DirectClient):
    """Whatever the API answers is as it is described."""

    def send(self, *arguments: Any, **options: Any) -> Any:
        answer = super().send(*arguments, **options)
        if not options.get("stream"):
            described().check(answer)
        return answer
