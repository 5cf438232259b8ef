"""Who may do what: each route declares the role that it needs, and one place decides."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.routes.people import bearer, sign_in
from webapp.models import Role


def test_a_token_may_do_what_its_role_may_and_no_more(client: Any, app: FastAPI) -> None:
    viewer, operator = bearer(app, Role.VIEWER), bearer(app, Role.OPERATOR)
    assert client.get("/api/v1/networks", headers=viewer).status_code == 200
    refused = client.post("/api/v1/networks/main/parking", headers=viewer)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_too_low")
    assert refused.json()["detail"] == (
        "This needs the role operator; token tests has the role viewer."
    )
    assert client.post("/api/v1/networks/main/parking", headers=operator).status_code == 404
    assert client.delete("/api/v1/networks/main", headers=operator).status_code == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_a_person_may_do_what_their_role_may_and_no_more(
    client: Any, app: FastAPI, role: Role
) -> None:
    sign_in(client, app, role)
    assert client.get("/networks").status_code == 200
    assert client.get("/networks/new").status_code == (403 if role is Role.VIEWER else 200)
    refused = client.get("/keys/new")
    assert refused.status_code == 403
    assert f"This needs the role admin; ada has the role {role}." in refused.text
    assert "Ask an admin" in refused.text


def test_a_page_takes_no_bearer_token(client: Any, app: FastAPI) -> None:
    asked = client.get("/networks", headers=bearer(app))
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/networks")
