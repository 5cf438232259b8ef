"""Puts the description together: FastAPI's part, then what all operations share."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from webapp.problems import Problem
from webapp.routes.api.description import answers
from webapp.routes.api.description.examples import REF, Examples
from webapp.routes.api.description.texts import INFO, PATH_PARAMETERS, SECURITY, SERVERS, TAGS

JSON = "application/json"
LIST_PREFIX = "Listed_"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """OpenAPI 3.1 of these routes, ready for JSON."""
    found = get_openapi(title=INFO["title"], version=INFO["version"], routes=routes)
    made = _renamed(found)
    schemas = _without_titles(made["components"]["schemas"])
    schemas["Problem"] = _without_titles(Problem.model_json_schema())
    examples = Examples(schemas)
    for path, method, operation in operations(made):
        _complete(path, method, operation, examples)
    return {
        "openapi": made["openapi"],
        "info": INFO,
        "servers": SERVERS,
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": made["paths"],
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {each.name: each.component for each in answers.SHARED},
            "headers": answers.HEADERS,
            "securitySchemes": SECURITY,
        },
    }


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each, in the order of the routes."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield path, method, operation


def _renamed(found: dict[str, Any]) -> dict[str, Any]:
    """With the names that programs should have for the schemas: `Network`, `NetworkList`."""
    text = json.dumps(found)
    for name in found["components"]["schemas"]:
        text = text.replace(f'"{REF}{name}"', f'"{REF}{_public(name)}"')
    made: dict[str, Any] = json.loads(text)
    schemas = made["components"]["schemas"]
    made["components"]["schemas"] = {_public(name): schema for name, schema in schemas.items()}
    return made


def _public(name: str) -> str:
    if name.startswith(LIST_PREFIX):
        return f"{_public(name.removeprefix(LIST_PREFIX).strip('_'))}List"
    return name.removesuffix("Out")


def _without_titles(node: Any) -> Any:
    """FastAPI titles each schema by its name in the code; tools would prefer that to ours."""
    if isinstance(node, list):
        return [_without_titles(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    return {key: _without_titles(value) for key, value in kept.items()}


def _complete(path: str, method: str, operation: dict[str, Any], examples: Examples) -> None:
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_titles(parameter["schema"])
        if parameter["in"] == "path":
            parameter.setdefault("description", PATH_PARAMETERS.get(parameter["name"], ""))
    operation["security"] = [{name: []} for name in SECURITY] if operation.get("security") else []
    operation["responses"] = answers.describe(method, path, operation)
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        content = body.get("content", {}).get(JSON)
        if content and "example" not in content:
            content["schema"] = _without_titles(content["schema"])
            content["example"] = examples.of(content["schema"])
