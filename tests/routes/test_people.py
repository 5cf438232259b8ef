"""The pages and the API for people and tokens; the own account."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select, update

from tests.inside import DirectClient
from tests.routes.conftest import HOST
from tests.routes.people import CREDENTIALS, bearer
from webapp.browsers import SESSION_COOKIE
from webapp.models import AccessToken, AuditEvent, Role, User, utc_now
from webapp.services import access

PASSWORD = "staple battery horse"
LINK = re.compile(r'data-copy="([^"]+token=egret_[^"]+)"')
TOKEN = re.compile(r'data-copy="(egret_[^"]+)"')
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@pytest.fixture
def another(app: FastAPI) -> Any:
    """The browser of somebody else."""
    return DirectClient(app, base_url=HOST, follow_redirects=False, headers={"user-agent": FIREFOX})


def add(session: Session, name: str, role: Role = Role.VIEWER) -> User:
    user = User(name=name, password_hash="of a test", role=role)
    session.add(user)
    session.commit()
    return user


def as_(browser: Any, session: Session, user: User) -> None:
    browser.cookies.set(SESSION_COOKIE, access.open_session(session, user))


def test_an_admin_invites_somebody_who_chooses_a_password_by_the_link(
    signed_in: Any, another: Any
) -> None:
    assert "Bob" not in signed_in.get("/people").text
    answer = signed_in.post("/people", data={"name": "Bob", "role": "operator"})
    assert answer.headers["cache-control"] == "no-store"
    found = LINK.search(answer.text)
    assert found
    assert found[1].startswith(f"{HOST}/choose-password?")
    assert "egret_" not in signed_in.get("/people").text
    path = found[1].removeprefix(HOST)
    shown = another.get(path)
    assert "Welcome, Bob" in shown.text
    form = {"token": path.partition("token=")[2], "password": "short"}
    refused = another.post("/choose-password", data=form)
    assert refused.status_code == 422
    assert "at least 15 characters" in refused.text
    chosen = another.post("/choose-password", data=form | {"password": PASSWORD})
    assert chosen.headers["location"] == "/"
    another.cookies.set(SESSION_COOKIE, chosen.cookies[SESSION_COOKIE])
    assert "Account of Bob" in another.get("/").text
    assert another.get("/people").status_code == 403
    again = another.get(path)
    assert (again.status_code, "used already" in again.text) == (422, True)


def test_a_name_that_is_taken_comes_back_filled_in(signed_in: Any) -> None:
    answer = signed_in.post("/people", data={"name": "ADA", "role": "operator"})
    assert answer.status_code == 422
    assert 'value="ADA"' in answer.text
    assert "<option selected>operator</option>" in answer.text
    assert "This name is taken." in answer.text


def test_the_page_of_a_person_changes_the_role_and_ends_sessions(
    signed_in: Any, another: Any, session: Session
) -> None:
    bob = add(session, "bob")
    as_(another, session, bob)
    page = f"/people/{bob.id}"
    changed = signed_in.post(f"{page}/role", data={"role": "operator"})
    assert "bob has the role operator now." in changed.text
    ends = re.findall(rf'action="({page}/sessions/[^"]+/end)"', changed.text)
    assert len(ends) == 1
    assert another.get("/networks").status_code == 200
    assert "The session was ended." in signed_in.post(ends[0]).text
    assert another.get("/networks").status_code == 303


def test_a_reset_shows_a_link_and_a_removal_asks_for_the_name(
    signed_in: Any, another: Any, session: Session
) -> None:
    bob = add(session, "bob")
    as_(another, session, bob)
    shown = signed_in.post(f"/people/{bob.id}/reset")
    assert LINK.search(shown.text)
    assert another.get("/networks").status_code == 303
    refused = signed_in.post(f"/people/{bob.id}/removal", data={"confirm": "bo"})
    assert refused.status_code == 422
    done = signed_in.post(f"/people/{bob.id}/removal", data={"confirm": "bob"})
    assert "bob was removed" in done.text


def test_the_last_admin_is_told_so(signed_in: Any, session: Session) -> None:
    ada = session.exec(select(User)).one()
    answer = signed_in.post(f"/people/{ada.id}/role", data={"role": "viewer"})
    assert answer.status_code == 409
    assert "ada is the last admin who can sign in." in answer.text
    removal = signed_in.post(f"/people/{ada.id}/removal", data={"confirm": "ada"})
    assert removal.status_code == 409


def test_everybody_changes_their_own_password(signed_in: Any, client: Any) -> None:
    form = {"old_password": "wrong", "password": PASSWORD}
    refused = signed_in.post("/account/password", data=form)
    assert refused.status_code == 422
    assert "The password is wrong." in refused.text
    form["old_password"] = CREDENTIALS["password"]
    assert "ada ada" not in refused.text
    weak = signed_in.post("/account/password", data=form | {"password": "password1234567"})
    assert "This password is common" in weak.text
    done = signed_in.post("/account/password", data=form)
    assert "Your password was changed." in done.text
    signing_in = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert signing_in.status_code == 303


def test_everybody_sees_and_ends_their_own_sessions(
    signed_in: Any, another: Any, session: Session
) -> None:
    ada, bob = session.exec(select(User)).one(), add(session, "bob")
    for _ in range(2):
        another.post("/sign-in", data=CREDENTIALS)
    page = signed_in.get("/account").text
    assert "Firefox on Linux" in page
    assert page.count("This one") == 1
    theirs = access.open_session(session, bob)
    foreign = access.session_of(session, theirs)
    assert foreign
    assert signed_in.post(f"/account/sessions/{foreign[1].id}/end").status_code == 404
    [end] = re.findall(r'action="(/account/sessions/[^"]+/end)"', page)
    assert "The session was ended." in signed_in.post(end).text
    as_(another, session, ada)
    assert "All your other sessions were ended." in signed_in.post("/account/sessions/end").text
    assert another.get("/account").status_code == 303


def test_a_token_is_shown_once_works_and_is_revoked_at_once(signed_in: Any, client: Any) -> None:
    form = {"name": "ci", "role": "viewer", "scopes": ["networks"], "expires_in_days": "30"}
    answer = signed_in.post("/tokens", data=form)
    assert answer.headers["cache-control"] == "no-store"
    found = TOKEN.search(answer.text)
    assert found
    headers = {"Authorization": f"Bearer {found[1]}"}
    assert client.get("/api/v1/networks", headers=headers).status_code == 200
    assert client.get("/api/v1/keys", headers=headers).status_code == 403
    page = signed_in.get("/tokens").text
    assert found[1] not in page
    [revocation] = re.findall(r'action="(/tokens/[^"]+/revocation)"', page)
    assert "ci was revoked" in signed_in.post(revocation).text
    assert client.get("/api/v1/networks", headers=headers).status_code == 401


def test_a_token_that_never_expires_is_marked(signed_in: Any) -> None:
    form = {"name": "old", "role": "viewer", "expires_in_days": "never"}
    assert "</svg>Never</span>" in signed_in.post("/tokens", data=form).text
    refused = signed_in.post("/tokens", data=form | {"scopes": "moon"})
    assert refused.status_code == 422
    assert "There is no scope" in refused.text
    assert '<option value="never" selected>' in refused.text


def test_the_settings_are_shown_with_their_origin(signed_in: Any) -> None:
    page = signed_in.get("/settings").text
    assert "EGRET_SESSION_HOURS" in page
    assert "EGRET_DATA_DIR" in page


def test_the_api_invites_changes_and_removes_people(app: FastAPI, client: Any) -> None:
    headers = bearer(app)
    new = {"name": "bob", "role": "operator"}
    invited = client.post("/api/v1/users", json=new, headers=headers)
    assert (invited.status_code, invited.json()["status"]) == (201, "invited")
    link = urlsplit(invited.json()["link"])
    assert client.get(f"{link.path}?{link.query}").status_code == 200
    listed = client.get("/api/v1/users", headers=headers).json()["items"]
    assert [(user["name"], user["role"]) for user in listed] == [("bob", "operator")]
    assert "link" not in listed[0]
    changed = client.patch("/api/v1/users/bob", json={"role": "viewer"}, headers=headers)
    assert changed.json()["role"] == "viewer"
    reset = client.post("/api/v1/users/bob/reset", headers=headers)
    assert reset.json()["link"] != invited.json()["link"]
    assert client.delete("/api/v1/users/bob", headers=headers).status_code == 204
    assert client.get("/api/v1/users/bob", headers=headers).status_code == 404


def test_the_api_makes_and_revokes_tokens(app: FastAPI, client: Any, session: Session) -> None:
    headers = bearer(app)
    new = {"name": "ci", "role": "viewer", "scopes": ["networks"], "expires_in_days": None}
    made = client.post("/api/v1/tokens", json=new, headers=headers)
    assert made.status_code == 201
    assert made.json()["expires_at"] is None
    own = {"Authorization": f"Bearer {made.json()['token']}"}
    assert client.get("/api/v1/networks", headers=own).status_code == 200
    listed = client.get("/api/v1/tokens", headers=headers).json()["items"]
    assert [row["name"] for row in listed] == ["ci", "tests"]
    assert listed[0]["last_used_at"]
    assert "token" not in listed[0]
    assert client.delete("/api/v1/tokens/ci", headers=headers).status_code == 204
    assert client.get("/api/v1/networks", headers=own).status_code == 401
    actions = [event.action for event in session.exec(select(AuditEvent))]
    assert "revoke" in actions


def test_a_page_that_keeps_itself_up_to_date_does_not_prolong_the_session(
    signed_in: Any, session: Session
) -> None:
    before = utc_now()
    session.connection().execute(update(AccessToken).values(last_used_at=None))
    session.commit()
    signed_in.get("/overview", headers={"sec-fetch-dest": "empty"})
    assert session.exec(select(AccessToken.last_used_at)).one() is None
    signed_in.get("/", headers={"sec-fetch-dest": "document"})
    session.rollback()
    assert (session.exec(select(AccessToken.last_used_at)).one() or before) > before
