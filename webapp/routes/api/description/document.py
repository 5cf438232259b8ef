"""Puts the description together: FastAPI's part, then what all operations share."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from webapp.declarations import declared
from webapp.edge.problems import Problem
from webapp.routes.api.description import answers
from webapp.routes.api.description.examples import REF, Examples
from webapp.routes.api.description.texts import (
    CHOICES,
    INFO,
    PATH_PARAMETERS,
    SECURITY,
    SERVERS,
    TAGS,
)

JSON = "application/json"
LIST_PREFIX = "Listed_"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """OpenAPI 3.1 of these routes, ready for JSON."""
    found = get_openapi(title=INFO["title"], version=INFO["version"], routes=routes)
    made = _tidy(_renamed(found))
    schemas = made["components"]["schemas"]
    schemas["Problem"] = _tidy(Problem.model_json_schema())
    for (name, field), choices in CHOICES.items():
        about = schemas[name]["properties"][field]
        about.get("items", about)["enum"] = choices
    examples, roles = Examples(schemas), dict(_roles(routes))
    for path, method, operation in operations(made):
        if role := roles[path, method]:
            about = operation.get("description", "")
            operation["description"] = f"{about}\n\nNeeds the role {role}.".strip()
            operation["x-role"] = role
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


def _roles(routes: Sequence[BaseRoute]) -> Iterator[tuple[tuple[str, str], str]]:
    """By path and method; '' for whoever asks."""
    for context in iter_route_contexts(routes):
        if isinstance(context.original_route, APIRoute):
            role = next(iter(declared(context.original_route)), None)
            for method in context.methods or ():
                yield (context.path or "", method.lower()), role or ""


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


def _tidy(node: Any) -> Any:
    """Without FastAPI's titles, which are names in the code and which tools would prefer to ours;
    and with limits as they were written: it makes 3.0 of 3."""
    if isinstance(node, list):
        return [_tidy(each) for each in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    return {key: _tidy(value) for key, value in kept.items()}


def _noun(path: str) -> str:
    """`network` of /api/v1/networks/{name}."""
    return path.split("/")[3].removesuffix("s")


def _complete(path: str, method: str, operation: dict[str, Any], examples: Examples) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            text, rule = PATH_PARAMETERS.get(parameter["name"], ("", {}))
            parameter.setdefault("description", text.format(noun=_noun(path)))
            parameter["schema"] |= rule
        parameter["schema"].pop("description", None)
        if parameter["required"]:
            parameter["example"] = examples.of_parameter(parameter)
    operation["security"] = [{name: []} for name in SECURITY] if operation.get("security") else []
    operation["responses"] = answers.describe(method, path, operation)
    for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
        content = body.get("content", {}).get(JSON)
        if content and "example" not in content:
            content["example"] = examples.of(content["schema"])
