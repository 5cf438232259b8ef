"""Keys that the API refuses before anything is stored: with the reason, and never repeated."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.routes.people import bearer
from tests.tokens import mint


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("hello", "not_a_jwt"),
        ("x" * 17_000, "key_too_large"),
        (mint(scopes=["brawlstars"]), "other_game"),
        (mint(exp=1630604200), "temporary_token"),
    ],
)
def test_a_text_that_is_not_a_key_is_refused_with_the_reason(
    app: FastAPI, client: Any, secret: str, code: str
) -> None:
    headers, body = bearer(app), {"name": "bad", "secret": secret}
    refused = client.post("/api/v1/keys", json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert secret not in refused.text
    assert client.get("/api/v1/keys/bad", headers=headers).status_code == 404
