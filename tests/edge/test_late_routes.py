"""Routes that FastAPI reads when they are first asked for answer as those that it reads at once."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from webapp.deps import Router
from webapp.edge.late_routes import included

RESPONSES: dict[int | str, dict[str, Any]] = {404: {"description": "Nothing is there"}}


def everybody(response: Response) -> None:
    response.headers["asked"] = "yes"


def number(start: int = 1) -> int:
    return start + 1


def give(name: str, found: Annotated[int, Depends(number)]) -> dict[str, int]:
    """Give it."""
    return {name: found}


def late() -> FastAPI:
    router = Router(prefix="/things", tags=["things"])
    router.get("/{name}", status_code=202)(give)
    app = FastAPI()
    app.routes.extend(included(router.routes, "/v1", RESPONSES, dependencies=[Depends(everybody)]))
    return app


def at_once() -> FastAPI:
    router, app = APIRouter(prefix="/things", tags=["things"]), FastAPI()
    router.get("/{name}", status_code=202)(give)
    app.include_router(router, prefix="/v1", responses=RESPONSES, dependencies=[Depends(everybody)])
    return app


def test_a_route_is_read_when_it_is_asked_for_and_not_when_another_one_is() -> None:
    app = late()
    (route,) = (each for each in app.routes if each.__module__ == "webapp.edge.late_routes")
    client = TestClient(app)
    assert client.get("/v1/others/a").status_code == 404
    assert "dependant" not in vars(route)
    assert client.get("/v1/things/a?start=2").json() == {"a": 3}
    assert "dependant" in vars(route)


def test_it_is_answered_refused_and_described_as_any_other() -> None:
    for method, path in (
        ("GET", "/v1/things/a?start=2"),
        ("GET", "/v1/things/a?start=x"),
        ("POST", "/v1/things/a"),
        ("GET", "/things/a"),
    ):
        mine, other = (TestClient(app).request(method, path) for app in (late(), at_once()))
        assert (mine.status_code, mine.content) == (other.status_code, other.content)
        assert mine.headers == other.headers
    assert late().openapi() == at_once().openapi()


def test_what_no_route_has_is_missing_of_it_too() -> None:
    *_, route = iter_route_contexts(late().routes)
    assert not hasattr(route.original_route, "nothing")
