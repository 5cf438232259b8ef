"""When the database fails, every route still answers as itself: by a page, or by a problem."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select, update

from tests.databases import impatient, locked_by_another
from tests.fast import thorough
from tests.inside import DirectClient
from tests.routes.all_routes import PARAMETER, Route, routes_of
from tests.routes.conftest import HOST
from tests.routes.people import bearer, sign_in
from tests.routes.test_connections import NAME, add_rows
from tests.tokens import mint
from webapp.db import lock
from webapp.models import AccessToken, utc_now
from webapp.settings import Settings

AT_ONCE = 6
LONG = "x" * 2000
"""A form that is too long for an address is kept in the database."""
FORM = {
    "name": NAME,
    "confirm": NAME,
    "region": "eu-central-1",
    "availability_zones": "2",
    "protected": "on",
    "template": "clash_rankings",
    "network": NAME,
    "key": NAME,
    "settings.location": "global",
    "settings.limit": "10",
    "note": LONG,
    "secret": "x",
    "partner": "partner",
    "nat": "per_az",
    "idle_hours": "5",
}


@pytest.fixture
def client(app: FastAPI, session: Session) -> Iterator[DirectClient]:
    """Signed in, among rows of every kind. It sees what a browser would see of an error."""
    add_rows(session)
    client = DirectClient(app, base_url=HOST, raise_server_exceptions=False, follow_redirects=False)
    sign_in(client, app)
    yield client
    app.state.parts.engine.dispose()


@pytest.fixture
def locked(app: FastAPI, client: DirectClient, settings: Settings) -> Iterator[DirectClient]:
    """Somebody else writes and does not end; nobody waits for them."""
    engine = app.state.parts.engine
    engine.dispose()
    with impatient(engine), locked_by_another(settings.database):
        yield client


def path_of(route: Route) -> str:
    values = {"address_id": "a1", "number": "1"}
    return PARAMETER.sub(lambda found: values.get(found[0][1:-1], NAME), route.path)


def ask(client: Any, route: Route) -> Any:
    kind = "json" if route.is_api else "data"
    return client.request(route.method, path_of(route), **{kind: FORM})


@thorough("every route is asked")
def test_with_a_locked_database_every_form_and_call_answers_as_itself(locked: DirectClient) -> None:
    app: Any = locked.app
    later = 0
    for route in (route for route in routes_of(app) if not route.reads):
        answer = ask(locked, route)
        assert answer.status_code in (202, 303, 404, 409, 422, 503), (route, answer.text)
        kind = "application/problem+json" if route.is_api else "text/html; charset=utf-8"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == kind, (route, answer.text)
        later += answer.status_code == 503
    assert later > 20


def test_a_long_form_is_answered_although_it_cannot_be_kept(
    locked: DirectClient, client: DirectClient
) -> None:
    refused = locked.post("/networks", data=FORM | {"name": LONG})
    assert refused.status_code == 422
    assert 'data-address="/networks/new"' in refused.text
    client.cookies.clear()
    asked = client.post("/networks", data=FORM | {"name": LONG})
    assert asked.headers["location"] == "/sign-in?next=%2Fnetworks%2Fnew"


@pytest.mark.parametrize("path", ["/functions", "/functions/new", "/api/v1/functions"])
def test_a_template_that_does_not_exist_is_not_found(client: DirectClient, path: str) -> None:
    form = FORM | {"name": "other", "template": "none"}
    if path.endswith("new"):
        answer = client.get(path, params=form)
    elif path.startswith("/api"):
        made = {name: form[name] for name in ("name", "template", "network", "key")}
        answer = client.post(path, json=made | {"settings": {}})
    else:
        answer = client.post(path, data=form)
    assert answer.status_code in (404, 422), answer.text
    assert "template" in answer.text
    assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (f"/networks/{NAME}/parking", {}),
        (f"/networks/{NAME}/whitelist/link", {}),
        ("/networks", {"name": "twice", "region": "eu-central-1"}),
        ("/keys", {"name": "twice", "secret": mint()}),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_posts_at_the_same_time_are_done_or_refused(
    client: Any, prefix: str, path: str, form: dict[str, str]
) -> None:
    kind = "json" if prefix else "data"

    def post(_: int) -> Any:
        return client.post(prefix + path, **{kind: form})

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(post, range(AT_ONCE)))
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 201, 202, 303, 409, 422, 503}, answers


@thorough("it waits")
def test_a_page_is_shown_although_it_cannot_be_written_that_the_session_was_used(
    app: FastAPI, client: DirectClient, session: Session
) -> None:
    headers = bearer(app)
    client.get("/api/v1/users", headers=headers)
    long_ago = utc_now() - timedelta(minutes=2)
    session.connection().execute(update(AccessToken).values(last_used_at=long_ago))
    session.commit()
    lock(session, "somebody")
    assert client.get("/account").status_code == 200
    assert client.get("/api/v1/users", headers=headers).status_code == 200
    session.rollback()
    client.get("/account")
    used = session.exec(select(AccessToken.last_used_at).where(AccessToken.kind == "session"))
    assert used.one() != long_ago
