"""The check that each route succeeds in some test: what it counts, and what it does not."""

import pytest

from tests.route_coverage import missing, successes
from tests.routes.all_routes import Route, routes_of_the_product

SHOW, NEW, PARK = (
    Route("/networks/{name}", "GET"),
    Route("/networks/new", "GET"),
    Route("/networks/{name}/parking", "POST"),
)


@pytest.mark.parametrize(
    ("request_and_status", "counts"),
    [
        ("GET /networks/main 200", True),
        ("GET /networks/main 303", False),
        ("GET /networks/main 304", False),
        ("GET /networks/main 404", False),
        ("POST /networks/main/parking 202", True),
        ("POST /networks/main/parking 303", True),
        ("POST /networks/main/parking 409", False),
        ("POST /networks/main/parking 500", False),
    ],
)
def test_a_success_is_read_from_the_access_log(request_and_status: str, counts: bool) -> None:
    log = f"12:00:00 INFO egret.access request_id=0123456789abcdef {request_and_status} 3 ms\n"
    method, path, _ = request_and_status.split()
    assert successes(log) == ({(method, path)} if counts else set())


def test_a_route_without_a_success_is_missing() -> None:
    routes = [NEW, SHOW, PARK]
    assert missing([], routes) == routes
    assert missing([("GET", "/networks/new")], routes) == [SHOW, PARK]
    assert missing([("GET", "/networks/main"), ("POST", "/networks/main/parking")], routes) == [NEW]
    assert missing([("GET", "/networks/main/parking")], routes) == routes


def test_the_router_is_read_whole() -> None:
    routes = routes_of_the_product()
    assert {NEW, SHOW, PARK, Route("/api/v1/networks/{name}", "DELETE")} <= set(routes)
    assert routes.index(NEW) < routes.index(SHOW)
    assert len(routes) == len(set(routes)) > 100
