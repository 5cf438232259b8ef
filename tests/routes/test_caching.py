"""What browsers and programs may keep of what only signed-in people see."""

from typing import Any

from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.all_routes import routes_of
from tests.routes.people import bearer, sign_in
from tests.services.rows import a_snapshot, add, add_function

PREVIEW = "/api/v1/functions/fun/preview"
KEPT = ("/images/", "/whitelist/", "/static/")
"""A partner's public pictures, a public link, and Egret's own files."""


def test_a_program_may_keep_the_preview_while_it_is_fresh_and_a_browser_not(
    client: Any, app: FastAPI, session: Session
) -> None:
    add(session, a_snapshot(add_function(session), body=b"{}", etag="1", ttl_s=60))
    fresh = client.get(PREVIEW, headers=bearer(app))
    assert fresh.headers["cache-control"] == "private, max-age=60"
    assert {"Authorization", "Cookie"} <= set(fresh.headers["vary"].split(", "))
    sign_in(client, app)
    for headers in ({}, {"If-None-Match": fresh.headers["etag"]}):
        assert client.get(PREVIEW, headers=headers).headers["cache-control"] == "no-store"


def test_no_other_answer_to_signed_in_people_is_kept(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    reads = [route for route in routes_of(app) if route.reads and not route.path.startswith(KEPT)]
    assert len(reads) > 40
    for route in reads:
        headers = client.request(route.method, route.to_nothing).headers
        assert headers["cache-control"] == "no-store", route
