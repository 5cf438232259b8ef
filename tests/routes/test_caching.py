"""What browsers and programs may keep of what only signed-in people see."""

from typing import Any

from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import bearer, sign_in
from tests.services.rows import a_snapshot, add, add_function

PREVIEW = "/api/v1/functions/fun/preview"


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


def test_a_cache_may_go_on_with_what_the_fetch_schedule_is_about_to_renew(
    client: Any, app: FastAPI, session: Session
) -> None:
    function = add_function(session, schedule={"every_minutes": 10})
    add(session, a_snapshot(function, body=b"{}", etag="1", ttl_s=60))
    answer = client.get(PREVIEW, headers=bearer(app))
    assert answer.headers["cache-control"] == "private, max-age=60, stale-while-revalidate=600"
