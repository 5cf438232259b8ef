"""Writes docs/map.md: every route and its role, setting and table, and the module to open.

    make map                    (python -m docs.make_map)

Routes, settings and tables come from the program itself, so none can be forgotten. What only the
source says (which template, who reads a setting, who inserts rows) comes from `docs.sources`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import Table

from docs.sources import Module, Place, read_modules
from webapp import models
from webapp.declarations import declared
from webapp.main import create_app
from webapp.settings import Settings

ROOT = Path(__file__).parents[1]
MAP = ROOT / "docs" / "map.md"
API = "/api/v1"
INTRODUCTION = f"""# Map

Where everything is. `make map` writes this page from the program itself; do not edit it.
[architecture.md](architecture.md) explains how the parts work together.

Not listed: static files, and the API's description at `{API}/openapi.json`.

The role is the lowest one that may ask for a route; admins may do what operators may, and operators
what viewers may.
"""

Modules = dict[str, Module]
Row = tuple[str, ...]


def map_text() -> str:
    """The page. It depends on the sources alone, not on the machine or its environment."""
    modules = read_modules(ROOT / "webapp")
    routes = sorted(_routes(), key=lambda route: (route.path, route.methods))
    api = [route.row for route in routes if API in route.path]
    pages = [
        (*route.row, _codes(_templates(modules, route.function)))
        for route in routes
        if API not in route.path
    ]
    parts = [
        INTRODUCTION,
        _section("Pages", ("method", "path", "role", "function", "templates"), pages),
        _section("API", ("method", "path", "role", "function"), api),
        _section("Settings", ("variable", "default", "what it is", "read in"), _settings(modules)),
        _section("Tables", ("table", "columns", "rows made in"), _tables(modules)),
    ]
    return "\n".join(parts)


@dataclass(frozen=True)
class Route:
    """`role` is what its signature declares: `anyone`, or who has at least that role."""

    methods: str
    path: str
    role: str
    function: Callable[..., Any]

    @property
    def row(self) -> Row:
        name = f"{self.function.__module__}:{self.function.__qualname__}"
        return self.methods, f"`{self.path}`", self.role, f"`{name}`"


def _routes() -> Iterator[Route]:
    for route in iter_route_contexts(_app().routes):
        if isinstance(route.original_route, APIRoute) and route.endpoint:
            roles = ", ".join(role or "anyone" for role in declared(route.original_route))
            methods = ", ".join(sorted(route.methods or ()))
            yield Route(methods, route.path or "", roles, route.endpoint)


def _app() -> FastAPI:
    """With the default settings, whatever the environment says."""
    with TemporaryDirectory() as folder:
        return create_app(Settings.model_construct(data_dir=Path(folder)))


def _templates(modules: Modules, function: Callable[..., Any]) -> list[str]:
    """The templates that the function, and what it calls within the routes, may render."""
    found: set[str] = set()
    visited: set[Place] = set()
    to_visit = {(function.__module__, function.__qualname__)}
    while to_visit:
        visited.add(place := to_visit.pop())
        module = modules.get(place[0])
        if module and module.name.startswith("webapp.routes") and place[1] in module.definitions:
            found.update(text for text in module.texts(place[1]) if text.endswith(".html"))
            to_visit |= set(module.references(place[1])) - visited
    return sorted("*" + name if name.startswith("/") else name for name in found)  # an f-string's


def _settings(modules: Modules) -> Iterator[Row]:
    own = modules[Settings.__module__]
    reads = {module.name: _settings_read(module) for module in modules.values()}
    for field, about in Settings.model_fields.items():
        members = own.methods_that_read(field)
        read_in = [name for name, read in reads.items() if read & members]
        default = "empty" if about.default in ("", {}) else f"`{about.default}`"
        yield f"`EGRET_{field.upper()}`", default, about.description or "", _codes(read_in)


def _settings_read(module: Module) -> set[str]:
    return module.attributes("settings", "_settings")


def _tables(modules: Modules) -> Iterator[Row]:
    classes = {m.__tablename__: m for m in vars(models).values() if hasattr(m, "__table__")}
    for name, model in sorted(classes.items()):
        made_in = [m.name for m in modules.values() if m.inserts(model.__name__, name)]
        yield f"`{name}`", _columns(model.__table__), _codes(made_in or ["migrations"])


def _columns(table: Table) -> str:
    """Their names; of one that refers to another table, that too."""
    return ", ".join(
        " → ".join([column.name, *(key.column.table.name for key in column.foreign_keys)])
        for column in table.columns
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _section(title: str, header: Row, rows: Iterable[Row]) -> str:
    lines = [" | ".join(row) for row in (header, ("---",) * len(header), *rows)]
    return "\n".join([f"## {title}", "", *(f"| {line} |" for line in lines), ""])


if __name__ == "__main__":
    MAP.write_text(map_text(), encoding="utf-8")
