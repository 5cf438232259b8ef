"""The shortcuts to routes, and through them, lead to the router's answers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlmodel import Session

from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.all_routes import PARAMETER, Route, routes_of
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.services.rows import add_everything
from webapp.edge.shortcuts import is_read_in_one_go
from webapp.models import Role

OWN = re.compile(rb'[0-9a-f]{16}|(?<="age_s":)\d+|(\d+ (h|min|s)\b ?)+|\d\d-\d\d[T ]\d\d:[\d:.]+')
"""What differs from one request to the next."""
OWN_HEADERS = ("x-request-id", "content-length", "age", "cache-control")
LEFT_OUT = ("/stream", "/tail", "/metrics")
"""What never ends, or is about the present moment."""
Asked = tuple[str, str, dict[str, str]]


def answers_of(client: DirectClient, asked: list[Asked]) -> list[Any]:
    found = []
    for method, path, headers in asked:
        answer = client.request(method, path, headers=headers)
        same = {name: text for name, text in answer.headers.items() if name not in OWN_HEADERS}
        found.append((method, path, answer.status_code, same, OWN.sub(b"", answer.content)))
    return found


@pytest.fixture
def both_ways(app: FastAPI) -> Callable[[DirectClient, list[Asked]], tuple[list[Any], list[Any]]]:
    """The answers with the shortcuts, and those of FastAPI alone."""

    def ask(client: DirectClient, asked: list[Asked]) -> tuple[list[Any], list[Any]]:
        short = answers_of(client, asked)
        app.dependency_overrides[ask] = ask  # of no route, but the shortcuts leave all to FastAPI
        return short, answers_of(client, asked)

    return ask


def path_of(route: Route) -> str:
    noun = route.path.removeprefix("/api/v1").split("/")[1].removesuffix("s")
    return PARAMETER.sub("unknown", route.path.replace("{name}", f"{noun}-1"))


@thorough("every route is asked")
def test_they_answer_as_the_router_does(
    app: FastAPI, session: Session, both_ways: Callable[..., tuple[list[Any], list[Any]]]
) -> None:
    add_everything(session, 1)
    client = DirectClient(app, base_url=HOST, follow_redirects=False)
    sign_in(client, app)
    reading = {path_of(route) for route in routes_of(app) if route.reads}
    paths = sorted(path for path in reading if not path.endswith(LEFT_OUT))
    asked: list[Asked] = [("GET", path, {}) for path in paths]
    short, long = both_ways(client, asked)
    assert short == long
    assert {status for _, _, status, *_ in short} >= {200, 303, 404}


def test_they_refuse_as_the_router_does(
    app: FastAPI, session: Session, both_ways: Callable[..., tuple[list[Any], list[Any]]]
) -> None:
    add_everything(session, 1)
    session.close()
    client = DirectClient(app, base_url=HOST, follow_redirects=False)
    viewer = bearer(app, Role.VIEWER, scopes=("networks",))
    asked: list[Asked] = [
        ("GET", "/networks/network-1", {}),
        ("GET", "/api/v1/networks", {}),
        ("GET", "/api/v1/networks", {"Authorization": "Bearer wrong"}),
        ("GET", "/api/v1/networks/network-1", viewer),
        ("HEAD", "/api/v1/networks/network-1", viewer),
        ("GET", "/api/v1/functions/function-1", viewer),
        ("GET", "/api/v1/networks?limit=none", viewer),
        ("GET", "/api/v1/networks/", viewer),
        ("PATCH", "/api/v1/networks/network-1", viewer),
        ("GET", "/networks/network-1/parking", viewer),
        ("DELETE", "/api/v1/networks/network-1", viewer),
        ("GET", "/nothing/at/all", {}),
        ("GET", "/healthz", {}),
    ]
    short, long = both_ways(client, asked)
    assert short == long
    statuses = [status for _, _, status, *_ in short]
    assert statuses[:4] == [303, 401, 401, 200]
    assert {403, 404, 405, 422} <= set(statuses)


def test_every_route_that_reads_takes_one_thread_once(app: FastAPI) -> None:
    """But for streams, and what needs no thread at all."""
    detours = {
        route.path
        for route in iter_route_contexts(app.routes)
        if "GET" in (route.methods or ()) and not is_read_in_one_go(route)
        if isinstance(route.original_route, APIRoute) and not str(route.path).endswith(LEFT_OUT)
    }
    assert detours == {"/healthz", "/readyz"}
