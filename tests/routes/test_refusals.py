"""Each route refuses what it cannot do. The routes come from the router, so a new one is tested."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.fast import thorough
from tests.routes.all_routes import Route, routes_of
from tests.routes.people import sign_in

EXCEPTIONS = {
    Route("/sign-out", "POST"),  # takes nothing that could be wrong
    Route("/account/sessions/end", "POST"),  # the same
    Route("/account/second-factor/app", "POST"),  # the same
    Route("/account/second-factor/app/removal", "POST"),  # the same
    Route("/account/second-factor/recovery-codes", "POST"),  # the same
    Route("/networks/preflight", "POST"),  # leads to the address that shows the check
    Route("/networks/{name}/stream", "GET"),  # tells the page that its network is gone
    Route("/functions/{name}/stream", "GET"),
}


@thorough("every route is asked")
def test_each_route_refuses_what_does_not_exist_or_is_incomplete(app: FastAPI, client: Any) -> None:
    """Signed in. A list or an empty form takes nothing that could be wrong."""
    takers = [r for r in routes_of(app) if r.has_parameters or not r.reads]
    sign_in(client, app)
    answers = {r: client.request(r.method, r.to_nothing) for r in takers if r not in EXCEPTIONS}
    assert len(answers) > 80
    assert not {route for route, answer in answers.items() if answer.status_code not in (404, 422)}


@thorough("every route is asked")
def test_each_route_that_changes_something_refuses_another_site(app: FastAPI, client: Any) -> None:
    sign_in(client, app)
    writers = [route for route in routes_of(app) if not route.reads]
    assert len(writers) > 60
    for route in writers:
        headers = {"sec-fetch-site": "cross-site"}
        answer = client.request(route.method, route.to_nothing, headers=headers)
        assert answer.status_code == 403, route


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer egret_wrong"}])
def test_without_a_good_token_the_api_answers_401_and_says_how_to_get_one(
    client: Any, headers: dict[str, str]
) -> None:
    refused = client.get("/api/v1/networks", headers=headers)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "egret tokens create" in refused.json()["remedy"]
