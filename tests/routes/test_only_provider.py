"""Where only the provider signs people in; and signing out."""

from typing import Any

from fastapi import FastAPI
from sqlmodel import Session

from tests.oidc.server import LocalProvider
from tests.routes.by_provider import come_in, use
from tests.routes.people import CREDENTIALS, sign_in
from webapp.scope import Scope
from webapp.services import access


def test_passwords_can_be_turned_off_but_for_the_first_admin_and_links(
    client: Any, app: FastAPI, local: LocalProvider
) -> None:
    sign_in(client, app)
    use(app, local, password_sign_in="off")
    assert "Invite somebody" not in client.get("/people").text
    invited = client.post("/people", data={"name": "x", "role": "viewer"})
    assert (invited.status_code, "by the provider alone" in invited.text) == (403, True)
    client.cookies.clear()
    page = client.get("/sign-in").text
    assert 'name="password"' not in page
    assert "passkey" not in page
    for path in ("/sign-in", "/sign-in/passkey"):
        refused = client.post(path, data=CREDENTIALS)
        assert (refused.status_code, "by the provider alone" in refused.text) == (403, True)
    local.knows("rupert", "egret-ops")
    assert come_in(client, local, "rupert").status_code == 303


def test_without_passwords_a_link_of_the_command_line_leads_back_in_once(
    client: Any, app: FastAPI, local: LocalProvider
) -> None:
    use(app, local, password_sign_in="off")
    with Session(app.state.parts.engine) as session:
        invited = access.invite(Scope(session, "command line"), name="rescue", role="admin")
    form = {"token": invited.token, "password": CREDENTIALS["password"]}
    assert client.post("/choose-password", data=form).headers["location"] == "/"
    assert "Account of rescue" in client.get("/").text
    assert client.post("/sign-in", data=form | {"name": "rescue"}).status_code == 403


def test_before_there_is_an_admin_nobody_comes_in(
    client: Any, app: FastAPI, provider: LocalProvider
) -> None:
    use(app, provider, password_sign_in="off")
    assert client.post("/sign-in/provider").headers["location"] == "/setup"
    assert client.get("/setup").status_code == 200


def test_without_a_provider_there_is_none(client: Any) -> None:
    assert client.post("/sign-in/provider").status_code == 404
    assert client.get("/sign-in/callback").status_code == 404
    assert "single sign-on" not in client.get("/setup").text


def test_signing_out_offers_to_sign_out_there(client: Any, local: LocalProvider) -> None:
    local.knows("quinn", "egret-ops")
    come_in(client, local, "quinn")
    out = client.post("/sign-out")
    assert client.get("/keys").status_code == 303
    shown = client.get(out.headers["location"]).text
    assert f"{local.issuer}/oauth2/end_session?client_id=egret&amp;post_logout" in shown
    assert "Sign out there" not in client.get("/sign-in").text
