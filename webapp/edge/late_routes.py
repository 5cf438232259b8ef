"""Routes that FastAPI reads when they are first asked for.

It keeps for each route what it has read from the function's signature: a tree of all that is needed
to call it, and validators of what it takes and gives. For all of them that is 12 MiB and a fifth of
the start. A router knows a route by its path and methods alone.
"""

import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from threading import RLock
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, compile_path, get_name

from webapp.capacity.one_go import in_one_go
from webapp.edge.json_bodies import JsonRequest
from webapp.edge.middleware import BY_HEAD

NOTHING: Mapping[int | str, dict[str, Any]] = {}
_finishing = RLock()


class LateRoute(APIRoute):
    """`path`, `endpoint` and `options` are as those of FastAPI's routes."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._declared = path, endpoint, options
        self._is_findable = self._is_finished = False

    def __getattr__(self, name: str) -> Any:
        """Called for what is not known yet."""
        with _finishing:
            if not self._is_findable:
                self._make_findable()
            elif not self._is_finished:
                self._finish()
            else:
                return object.__getattribute__(self, name)  # raises AttributeError
        return getattr(self, name)

    def _make_findable(self) -> None:
        """What the router needs to find it."""
        self._is_findable = True
        self.path, self.endpoint, options = self._declared
        self.name = options["name"] or get_name(self.endpoint)
        self.methods = {method.upper() for method in options["methods"] or ["GET"]}
        self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)

    def _finish(self) -> None:
        self._is_finished = True
        path, endpoint, options = self._declared
        is_async = inspect.isasyncgenfunction(endpoint) or inspect.iscoroutinefunction(endpoint)
        dependencies = [*(options["dependencies"] or ())]
        if getattr(options["response_class"], "media_type", "") == "text/event-stream":
            dependencies.insert(0, Depends(_refuse_head))
        options = options | {"dependencies": dependencies}
        super().__init__(path, endpoint if is_async else in_one_go(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """JSON is read by our own rules."""
        answer = super().get_route_handler()

        async def answer_checked(request: Request) -> Response:
            return await answer(JsonRequest(request.scope, request.receive))

        return answer_checked

    def under(
        self,
        prefix: str,
        responses: Mapping[int | str, dict[str, Any]],
        *,
        dependencies: Iterable[Any],
        **changed: Any,
    ) -> "LateRoute":
        """The same one, as FastAPI's `include_router` would make it."""
        path, endpoint, options = self._declared
        more = {
            "dependencies": [*dependencies, *(options["dependencies"] or ())],
            "responses": {**responses, **(options["responses"] or {})},
        }
        return LateRoute(prefix + path, endpoint, **(options | more | changed))


def included(
    routes: Iterable[BaseRoute],
    prefix: str = "",
    responses: Mapping[int | str, dict[str, Any]] = NOTHING,
    *,
    dependencies: Iterable[Any] = (),
    **changed: Any,
) -> list[LateRoute]:
    """These routes under a prefix, with what all of them need and answer, and changed options.
    FastAPI would read each of them twice."""
    return [
        route.under(prefix, responses, dependencies=dependencies, **changed)
        for route in routes
        if isinstance(route, LateRoute)
    ]


async def _refuse_head(request: Request) -> None:
    """Only a reader begins a stream."""
    if request.scope.get(BY_HEAD):
        raise HTTPException(405, headers={"Allow": "GET"})
