"""Signing in with wrong passwords: the page and the API say when to try again."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from sqlmodel import Session, update

from tests.dashboard import wait_for
from tests.fast import thorough
from tests.routes.people import CREDENTIALS, sign_in
from webapp.browsers import SESSION_COOKIE
from webapp.models import Guesses, utc_now
from webapp.services import access
from webapp.services.access.hashing import AT_ONCE, WAITING_MAX, turns
from webapp.settings import Settings

TIMEOUT_S = 10.0
WRONG = CREDENTIALS | {"password": "wrong"}


def test_twelve_wrong_passwords_are_slowed_down_and_the_right_one_works_after_the_wait(
    client: Any, app: FastAPI
) -> None:
    sign_in(client, app)
    client.cookies.clear()
    answers = [client.post("/sign-in", data=WRONG) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 7
    last = client.post("/sign-in", data=CREDENTIALS | {"next": "/keys"})
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    assert re.search(r"Try again in 1 second, at \d\d:\d\d:\d\d UTC", last.text)
    assert 'value="ada"' in last.text
    assert 'name="next" value="/keys"' in last.text
    with Session(app.state.parts.engine) as session:
        session.connection().execute(update(Guesses).values(wait_until=utc_now()))
        session.commit()
    assert client.post("/sign-in", data=CREDENTIALS).status_code == 303


def test_wrong_bearer_and_setup_tokens_are_slowed_down_as_well(client: Any) -> None:
    headers = {"Authorization": "Bearer egret_wrong"}
    answers = [client.get("/api/v1/networks", headers=headers) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {401}
    assert (answers[20].status_code, answers[20].headers["retry-after"]) == (429, "1")
    assert answers[20].json()["code"] == "too_many_tries"
    form = WRONG | {"token": "wrong"}
    pages = [client.post("/setup", data=form) for _ in range(21)]
    assert [page.status_code for page in pages] == [422] * 20 + [429]
    assert "Try again in 1 second" in pages[20].text


@thorough("many requests at once")
def test_while_many_sign_in_at_once_all_other_pages_are_answered(
    client: Any, signed_in: Any
) -> None:
    with ExitStack() as busy, ThreadPoolExecutor(WAITING_MAX) as threads:
        for _ in range(AT_ONCE):
            busy.enter_context(turns.turn())
        waiting = [
            threads.submit(client.post, "/sign-in", data=CREDENTIALS) for _ in range(WAITING_MAX)
        ]
        wait_for(lambda: turns.is_full, TIMEOUT_S)
        for _ in range(60 - WAITING_MAX):
            refused = client.post("/sign-in", data=CREDENTIALS | {"next": "/keys"})
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            assert 'name="next" value="/keys"' in refused.text
            assert signed_in.get("/networks").status_code == 200
        assert not any(each.done() for each in waiting)
        busy.close()
        assert {each.result().status_code for each in waiting} == {303}


def test_a_wrong_setup_token_can_be_corrected(client: Any, app: FastAPI) -> None:
    with Session(app.state.parts.engine) as session:
        token = access.new_setup_token(session)
    assert 'name="token" value="wrong"' in client.get("/setup?token=wrong").text
    refused = client.post("/setup", data=CREDENTIALS | {"token": "wrong"})
    assert refused.status_code == 422
    assert 'id="token" name="token" value="wrong" required' in refused.text
    assert client.post("/setup", data=CREDENTIALS | {"token": token}).status_code == 303


def test_by_https_the_cookie_is_for_this_host_alone(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    client.cookies.clear()
    settings = Settings(data_dir="unused", public_url="https://127.0.0.1:8000")
    app.state.parts = replace(app.state.parts, settings=settings)
    made = client.post("/sign-in", data=CREDENTIALS)
    cookie = made.headers["set-cookie"]
    assert cookie.startswith("__Host-egret_session=egret_")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {*cookie.split("; ")}
    assert "Domain" not in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    client.cookies.clear()
    assert client.get("/", headers={"cookie": f"egret_session={token}"}).status_code == 303
    own = {"cookie": f"__Host-egret_session={token}"}
    assert client.get("/", headers=own).status_code == 200
    ended = client.post("/sign-out", headers=own).headers["set-cookie"]
    assert ended.startswith('__Host-egret_session=""')
    assert "Secure" in ended


def test_signing_in_again_ends_the_session_that_the_browser_had(client: Any, app: FastAPI) -> None:
    sign_in(client, app)
    old = client.cookies[SESSION_COOKIE]
    made = client.post("/sign-in", data=CREDENTIALS)
    new = made.cookies[SESSION_COOKIE]
    client.cookies.clear()
    answers = [
        client.get("/", headers={"cookie": f"{SESSION_COOKIE}={each}"}).status_code
        for each in (old, new)
    ]
    assert answers == [303, 200]
