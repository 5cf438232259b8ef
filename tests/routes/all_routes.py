"""Every route of the app, read from its router, for tests that must not miss a new one."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import compile_path

from webapp.declarations import declared
from webapp.main import create_app
from webapp.models import Role
from webapp.settings import Settings

PARAMETER = re.compile(r"\{[^}]+\}")
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, order=True)
class Route:
    """One method on one path, which is written as in the router: `/networks/{name}`."""

    path: str
    method: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def reads(self) -> bool:
        return self.method in READING

    @property
    def has_parameters(self) -> bool:
        return bool(PARAMETER.search(self.path))

    @property
    def to_nothing(self) -> str:
        """The path, with names of things that do not exist."""
        return self.to("unknown")

    def to(self, part: str) -> str:
        """The path, with that in the place of every name."""
        return PARAMETER.sub(lambda _: part, self.path)

    def matches(self, method: str, path: str) -> bool:
        return method == self.method and bool(compile_path(self.path)[0].match(path))


def routes_of(app: FastAPI) -> list[Route]:
    """In the order of the router: of two that match a path, the first one answers."""
    return [
        Route(context.path or "", method)
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in sorted(context.methods or ())
    ]


def declarations(app: FastAPI) -> dict[Route, list[Role | None]]:
    """What each route says in its signature of who may ask it."""
    return {
        Route(context.path or "", method): declared(context.original_route)
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in sorted(context.methods or ())
    }


def routes_of_the_product() -> list[Route]:
    with tempfile.TemporaryDirectory() as folder:
        return routes_of(create_app(Settings(data_dir=Path(folder))))
