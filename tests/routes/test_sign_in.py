"""Signing in with wrong passwords: the page and the API say when to try again."""

import re
from typing import Any

from fastapi import FastAPI
from sqlmodel import Session, update

from tests.routes.people import CREDENTIALS, sign_in
from webapp.models import Guesses, utc_now

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
