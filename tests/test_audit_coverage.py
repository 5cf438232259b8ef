"""The check that each route that changes something leaves a row: what it counts."""

from pathlib import Path

from tests.audit_coverage import CHECKED_APART, LEADING_AWAY, ONLY_LOOKING, ids, silent, split
from tests.routes.all_routes import Route, routes_of_the_product

SHOW, PARK = Route("/networks/{name}", "GET"), Route("/networks/{name}/parking", "POST")
LINE = "12:00:00 INFO egret.access request_id={1} {0} 3 ms\n"
PARKED, SHOWN = "POST /networks/main/parking 303", "GET /networks/main 200"
FIRST, SECOND, THIRD = ("0123456789abcdef", "f" * 16, "0" * 16)


def test_requests_are_told_apart_by_their_ids() -> None:
    log = "".join(
        LINE.format(*each)
        for each in ((PARKED, FIRST), (SHOWN, SECOND), (PARKED.replace("303", "409"), THIRD))
    )
    with_row, without = split(log, {FIRST, THIRD})
    assert with_row == {("POST", "/networks/main/parking")}
    assert without == {("GET", "/networks/main")}


def test_a_route_is_silent_if_none_of_its_requests_left_a_row() -> None:
    routes, park = [SHOW, PARK], ("POST", "/networks/main/parking")
    assert silent(set(), {park, ("GET", "/networks/main")}, routes) == [PARK]
    assert silent({("POST", "/networks/other/parking")}, {park}, routes) == []
    assert silent(set(), set(), routes) == []


def test_the_exceptions_are_routes() -> None:
    assert set(routes_of_the_product()) >= ONLY_LOOKING | LEADING_AWAY | CHECKED_APART


def test_a_database_without_the_table_has_no_ids(tmp_path: Path) -> None:
    assert ids(f"sqlite:///{tmp_path}/egret.db") == set()
