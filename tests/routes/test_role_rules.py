"""Who may do what: each route declares the role that it needs, and one place decides."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.all_routes import routes_of
from tests.routes.people import bearer, sign_in
from tests.services.rows import add, add_function
from webapp.models import Access, RevisionStatus, Role
from webapp.services.access.rights import AREAS
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.revisions import rows as revisions


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


def test_a_token_is_kept_to_the_areas_of_its_scopes(client: Any, app: FastAPI) -> None:
    keys = bearer(app, scopes=("keys", "orphans"))
    assert client.get("/api/v1/keys", headers=keys).status_code == 200
    refused = client.get("/api/v1/networks", headers=keys)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert refused.json()["detail"] == (
        "This needs the scope networks; token tests has the scopes keys, orphans."
    )
    for hidden in ("/api/v1/%6eetworks", "/api/v1//networks", "/api/v1/keys/../networks"):
        assert client.get(hidden, headers=keys).status_code in (403, 404)


def test_a_token_that_has_scopes_gives_no_others(client: Any, app: FastAPI) -> None:
    limited = bearer(app, scopes=("keys", "tokens"))
    for scopes, status in (["keys"], 201), (["keys", "networks"], 403), ([], 403):
        new = {"name": "ci", "role": "viewer", "scopes": scopes}
        made = client.post("/api/v1/tokens", json=new, headers=limited)
        assert made.status_code == status, scopes


def test_a_token_of_no_scope_is_for_every_area(client: Any, app: FastAPI) -> None:
    areas = {route.path.split("/")[3] for route in routes_of(app) if route.is_api}
    assert areas <= set(AREAS)
    assert client.get("/api/v1/networks", headers=bearer(app)).status_code == 200


@pytest.mark.parametrize("access", ["open", " open "])
def test_only_an_admin_lets_everyone_call_a_new_endpoint(
    client: Any, app: FastAPI, access: str
) -> None:
    sign_in(client, app, Role.OPERATOR)
    new = {"name": "web", "template": "clash_rankings", "network": "net", "key": "key"}
    refused = client.post("/functions", data=new | {"access": access, "confirm": "web"})
    assert refused.status_code == 403
    assert "Letting everyone call the endpoint needs the role admin" in refused.text
    allowed = client.post("/functions", data=new | {"access": "iam"})
    assert allowed.status_code == 422  # there is no such network


def test_only_an_admin_lets_everyone_call_an_endpoint_by_the_api(
    client: Any, app: FastAPI, session: Session
) -> None:
    function = add_function(session, settings={"location": "32000006"})
    operator = bearer(app, Role.OPERATOR)
    body = {"name": "web", "template": "clash_rankings", "network": "net", "key": "key"}
    tries = [
        ("POST", "/api/v1/functions", body | {"access": "open"}),
        ("PATCH", "/api/v1/functions/fun", {"access": "open"}),
    ]
    for method, path, sent in tries:
        refused = client.request(method, path, json=sent, headers=operator)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_too_low"), path
    function.access = Access.OPEN
    session.commit()
    kept = client.patch("/api/v1/functions/fun", json={"access": "open"}, headers=operator)
    assert kept.status_code != 403


def test_only_an_admin_goes_back_to_a_revision_that_everyone_could_call(
    client: Any, app: FastAPI, session: Session
) -> None:
    function = add_function(session, settings={"location": "32000006"}, revision=2)
    for number, access in ((1, Access.OPEN), (2, Access.API_KEY)):
        function.revision, function.access = number, access
        revision = revisions.describe(session, function, get_template("clash_rankings"))
        revision.actor, revision.status = "ada", RevisionStatus.LIVE
        add(session, revision)
    operator = bearer(app, Role.OPERATOR)
    refused = client.post("/api/v1/functions/fun/revisions/1/deployment", headers=operator)
    assert refused.status_code == 403
    sign_in(client, app, Role.OPERATOR)
    page = "/functions/fun/revisions/1/deployment"
    assert client.post(page, data={"confirm": "fun"}).status_code == 403
    change = {"network": "net", "key": "key", "settings.location": "32000006", "confirm": "fun"}
    sizes = {"memory_mb": "256", "timeout_s": "28", "access": " open "}
    edited = client.post("/functions/fun/edit/deployment", data=change | sizes)
    assert edited.status_code == 403
