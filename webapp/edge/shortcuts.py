"""The way to a route, and through one that only reads, without FastAPI's detours.

FastAPI asks each router at each level for a match, and hands the functions among the dependencies
of a route, and then the route itself, to a thread each. Here a route is found by the shape of its
path, and one that reads is run by a single thread at one go: who asks, the database, the page or
the JSON. The routes and their dependencies are as FastAPI has read them from their signatures, and
what is not understood is left to it: so this is only faster, never different.
"""

import inspect
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts, serialize_response
from sqlmodel import Session
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.browsers import API_PREFIX
from webapp.capacity import threads
from webapp.capacity.one_go import in_one_go
from webapp.deps import AREA_AT, BEARER, open_session, parts_of
from webapp.telemetry.spans import TEMPLATE

Shape = tuple[str, int, str]
Known = dict[Any, Any]
"""The results of dependencies by their functions: each is called once for a request."""
READING = {"GET"}
MADE_HERE = (open_session, BEARER)


class Shortcuts:
    """The application's routes; the router answers what none of them takes."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._router = app, app.router.app
        self._by_shape: dict[Shape, list[RouteContext]] = {}
        self._answers: dict[int, ASGIApp] = {}
        """By the `id` of their routes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_plain = scope["type"] == "http" and not self._app.dependency_overrides
        if not is_plain or not (found := self._find(scope)):
            await self._router(scope, receive, send)
            return
        route, answer, path_params = found
        scope.update(
            route=route.original_route,
            endpoint=route.endpoint,
            path_params=path_params,
            **{TEMPLATE: route.path},
            router=self._app.router,
        )
        await answer(scope, receive, send)

    def prepare(self) -> None:
        """By their shapes; otherwise the first request does."""
        by_shape = defaultdict(list)
        for route in iter_route_contexts(self._app.routes):
            if not isinstance(route.original_route, APIRoute):
                continue
            for method in route.methods or ():
                by_shape[_shape(method, route.path or "")].append(route)
        self._by_shape = dict(by_shape)

    def _find(self, scope: Scope) -> tuple[RouteContext, ASGIApp, dict[str, str]] | None:
        """The first route that takes the method and the path."""
        if not self._by_shape:
            self.prepare()
        path = scope["path"]
        for route in self._by_shape.get(_shape(scope["method"], path), ()):
            if match := route.path_regex.match(path):
                return route, self._answer(route), match.groupdict()
        return None

    def _answer(self, route: RouteContext) -> ASGIApp:
        """Made when it is first asked for."""
        made = self._answers.get(id(route.original_route))
        if made is None:
            made = _one_hop(route) if is_read_in_one_go(route) else route.app
            self._answers[id(route.original_route)] = made
        return made


def _shape(method: str, path: str) -> Shape:
    """Method, number of parts, and the noun: `networks` of /networks/main."""
    parts = path.split("/")
    noun_at = AREA_AT if path.startswith(API_PREFIX) else 1
    return method, len(parts), parts[noun_at] if noun_at < len(parts) else ""


def is_read_in_one_go(route: RouteContext) -> bool:
    """Whether all that it needs is understood here."""
    reads = route.methods == READING and not route.body_field
    is_sync = hasattr(route.endpoint, "__wrapped__")  # by `in_one_go`
    return reads and is_sync and all(map(_is_understood, _all_of(route.dependant)))


def _all_of(dependant: Dependant) -> list[Dependant]:
    return [dependant, *(each for needed in dependant.dependencies for each in _all_of(needed))]


def _is_understood(dependant: Dependant) -> bool:
    strange = (
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.http_connection_param_name,
        dependant.concurrency,
    )
    call = dependant.call
    is_generator = inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call)
    return call in MADE_HERE or not (is_generator or any(strange))


def _one_hop(route: RouteContext) -> ASGIApp:
    """The route as an application that takes one thread once."""

    @in_one_go
    def run(request: Request) -> Response:
        with Session(parts_of(request).engine, expire_on_commit=False) as session:
            known: Known = {open_session: session, BEARER: None}
            arguments, errors = _arguments(route.dependant, request, known)
            if errors:
                raise RequestValidationError(errors)
            return _response(route, _call(route.endpoint, arguments))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        response = await threads.read(run, Request(scope, receive, send))
        await response(scope, receive, send)

    return answer


def _arguments(
    dependant: Dependant, request: Request, known: Known
) -> tuple[dict[str, Any], list[Any]]:
    """Those of its function, and what is wrong with the request: as FastAPI's, in its order."""
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for needed in dependant.dependencies:
        if needed.call not in known:
            arguments, wrong = _arguments(needed, request, known)
            errors += wrong
            if wrong:
                continue
            known[needed.call] = _call(needed.call, arguments)
        if needed.name:
            values[needed.name] = known[needed.call]
    for fields, received in (
        (dependant.path_params, "path_params"),
        (dependant.query_params, "query_params"),
        (dependant.header_params, "headers"),
        (dependant.cookie_params, "cookies"),
    ):
        if fields:
            found, wrong = request_params_to_args(fields, getattr(request, received))
            values |= found
            errors += wrong
    if dependant.request_param_name:
        values[dependant.request_param_name] = request
    return values, errors


def _call(function: Any, arguments: Mapping[str, Any]) -> Any:
    result = inspect.unwrap(function)(**arguments)
    return _now(result) if inspect.iscoroutine(result) else result


def _now(waiting: Any) -> Any:
    """The result of a coroutine that waits for nothing. Raises RuntimeError for one that does."""
    try:
        waiting.send(None)
    except StopIteration as ended:
        return ended.value
    waiting.close()
    raise RuntimeError("a dependency of a route that reads may not wait")


def _response(route: RouteContext, result: Any) -> Response:
    if isinstance(result, Response):
        return result
    content = _now(
        serialize_response(field=route.response_field, response_content=result, dump_json=True)
    )
    return Response(content, route.status_code or 200, media_type="application/json")
