"""What is open to the outside, how secrets that open it are treated, and the way out."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import bearer
from webapp.rendering.templating import static_version
from webapp.services import access

PASSWORD = "  A long Passphrase with blanks around it, " + "and sixty-four characters or more  "
TOKEN_CHARS_MIN = 43
"""256 bits in base64."""


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/metrics",
        "/.git/HEAD",
        "/egret.db",
        f"/static/{static_version()}/",
        f"/static/{static_version()}/..%2fapp.css",
        "/static/../pyproject.toml",
    ],
)
def test_what_is_not_meant_for_the_outside_is_not_there(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.request("TRACE", "/sign-in").status_code == 405


def test_a_password_counts_to_its_last_character_as_it_was_typed(
    client: Any, session: Session
) -> None:
    token = access.new_setup_token(session)
    form = {"token": token, "name": "ada", "password": PASSWORD}
    assert client.post("/setup", data=form).status_code == 303
    assert len(PASSWORD.strip()) >= 64
    for other in (PASSWORD.strip(), PASSWORD[:64], PASSWORD.lower()):
        answer = client.post("/sign-in", data={"name": "ada", "password": other})
        assert answer.status_code == 422, other
    assert client.post("/sign-in", data={"name": "ada", "password": PASSWORD}).status_code == 303


def test_tokens_are_long_and_each_is_another_one(app: FastAPI, session: Session) -> None:
    given = [bearer(app)["Authorization"].removeprefix("Bearer egret_") for _ in range(2)]
    given += [access.new_setup_token(session).removeprefix("egret_") for _ in range(2)]
    assert len(set(given)) == len(given)
    assert all(len(token) >= TOKEN_CHARS_MIN for token in given)


@pytest.mark.parametrize(
    "path", ["/", "/networks", "/keys", "/functions", "/orphans", "/keys/none"]
)
def test_signing_out_is_on_every_page(signed_in: Any, path: str) -> None:
    assert 'action="/sign-out"' in signed_in.get(path).text
