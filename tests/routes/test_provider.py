"""Signing in by a real provider, which runs beside the tests; each step as a browser does it."""

import re
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select, update

from tests.oidc.server import LocalProvider
from tests.routes.by_provider import begin, come_in, use
from tests.routes.people import CREDENTIALS, sign_in
from webapp.browsers import BEGUN_COOKIE, SESSION_COOKIE
from webapp.models import AccessToken, AuditEvent, BegunSignIn, Role, User, utc_now
from webapp.oidc.documents import KEYS_AGAIN_S


def test_the_first_sign_in_makes_the_person_and_leads_on(
    client: Any, local: LocalProvider, session: Session
) -> None:
    local.knows("grace", "egret-ops", "others")
    assert "Sign in with single sign-on" in client.get("/sign-in").text
    answer = come_in(client, local, "grace")
    assert (answer.status_code, answer.headers["location"]) == (303, "/keys")
    assert f'{BEGUN_COOKIE}=""' in answer.headers["set-cookie"]
    person = session.exec(select(User).where(User.name == "grace")).one()
    assert (person.role, person.issuer, person.subject) == (Role.OPERATOR, local.issuer, "grace")
    assert "Account of grace" in client.get("/").text
    assert client.get("/people").status_code == 403
    own = client.get("/account").text
    assert "single sign-on" in own
    assert "Change password" not in own
    actions = [event.action for event in session.exec(select(AuditEvent))]
    assert actions[:2] == ["create", "sign in"]


def test_the_role_follows_the_claims_and_without_one_all_sessions_end(
    client: Any, local: LocalProvider, session: Session
) -> None:
    local.knows("heidi", "egret-all", "egret-admins")
    come_in(client, local, "heidi")
    assert client.get("/people").status_code == 200
    local.knows("heidi", "egret-all")
    come_in(client, local, "heidi")
    assert client.get("/people").status_code == 403
    before = client.cookies[SESSION_COOKIE]
    local.knows("heidi")
    refused = come_in(client, local, "heidi")
    assert refused.status_code == 403
    assert "gives you a role here" in refused.text
    assert client.get("/keys", headers={"cookie": f"{SESSION_COOKIE}={before}"}).status_code == 303
    found = session.exec(select(AuditEvent).where(AuditEvent.code == "no_role")).all()
    assert {event.name for event in found} == {"heidi", "heidi at the provider"}
    assert len(session.exec(select(User).where(User.name == "heidi")).all()) == 1


def test_a_person_is_found_by_the_subject_and_never_by_name_or_mail(
    client: Any, local: LocalProvider
) -> None:
    mail = {"email": "local", "email_verified": True}
    local.knows("4711", "egret-admins", preferred_username="local", **mail)
    refused = come_in(client, local, "4711")
    assert refused.status_code == 409
    assert "somebody else here has that name" in refused.text
    assert SESSION_COOKIE not in client.cookies


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "x"}, "not the answer to the sign-in that you began"),
        ({"nonce": "of-another-sign-in"}, "was not accepted (invalid_claim: nonce)"),
        ({"client_id": "another"}, "did not accept your sign-in (invalid_grant"),
        ({"code_challenge": "x" * 43}, "did not accept your sign-in (invalid_grant: Wrong verif"),
    ],
)
def test_a_parameter_that_was_changed_on_the_way_is_found(
    client: Any, local: LocalProvider, changed: dict[str, str], words: str
) -> None:
    local.knows("ivan", "egret-admins")
    refused = client.get(local.consent(begin(client), "ivan", **changed))
    assert refused.status_code == 403
    assert words in unescape(refused.text)
    assert SESSION_COOKIE not in client.cookies


def test_an_answer_works_once_in_the_browser_that_asked(
    client: Any, local: LocalProvider, session: Session
) -> None:
    local.knows("judy", "egret-ops")
    back = local.consent(begin(client), "judy")
    token = client.cookies[BEGUN_COOKIE]
    client.cookies.clear()
    elsewhere = client.get(back)
    assert (elsewhere.status_code, "that you began" in elsewhere.text) == (403, True)
    own = {"cookie": f"{BEGUN_COOKIE}={token}"}
    assert client.head(back, headers=own).status_code == 403  # and uses nothing up
    assert client.get(back, headers=own).status_code == 303
    again = client.get(back, headers=own)
    assert (again.status_code, "is over already" in again.text) == (403, True)
    assert not session.exec(select(BegunSignIn)).all()


def test_a_code_that_was_used_is_refused_by_the_provider(client: Any, local: LocalProvider) -> None:
    local.knows("kim", "egret-ops")
    used = local.consent(begin(client), "kim")
    client.get(used)
    state = local.consent(begin(client), "kim").partition("&state=")[2]
    replayed = f"{used.partition('&state=')[0]}&state={state}"
    assert "invalid_grant" in client.get(replayed).text


def test_too_late_is_over(client: Any, local: LocalProvider, session: Session) -> None:
    local.knows("leo", "egret-ops")
    back = local.consent(begin(client), "leo")
    session.connection().execute(
        update(BegunSignIn).values(created_at=utc_now().replace(year=2020))
    )
    session.commit()
    assert "too long ago" in client.get(back).text


def test_what_the_provider_says_is_shown_as_text_and_only_to_who_asked(
    client: Any, local: LocalProvider
) -> None:
    state = re.search(r"state=([^&]+)", begin(client))
    assert state
    told = "error=access_denied&error_description=%3Cb%3ECall+us%0A%E2%80%AE"
    shown = client.get(f"/sign-in/callback?{told}&state={state[1]}")
    assert shown.status_code == 403
    assert "(access_denied: &lt;b&gt;Call us)" in shown.text
    assert "Call us" not in client.get(f"/sign-in/callback?{told}&state=guessed").text
    denied = client.get(local.consent(begin(client), ""))
    assert denied.status_code == 403


def test_the_answer_of_another_provider_is_refused(client: Any, local: LocalProvider) -> None:
    local.knows("mallory", "egret-admins")
    back = local.consent(begin(client), "mallory")
    refused = client.get(f"{back}&iss=https%3A%2F%2Fevil.example")
    assert "the answer of another provider" in refused.text
    assert SESSION_COOKIE not in client.cookies


def test_without_the_provider_a_sentence_says_so_and_passwords_work(
    client: Any, app: FastAPI, local: LocalProvider
) -> None:
    sign_in(client, app)
    client.cookies.clear()
    use(app, local, oidc_issuer=f"{local.issuer}/nothing-here")
    for _ in range(2):
        down = client.post("/sign-in/provider", data={"next": "/keys"})
        assert down.status_code == 502
        assert "The provider cannot be used at the moment" in down.text
        assert 'name="next" value="/keys"' in down.text
    assert client.post("/sign-in", data=CREDENTIALS).status_code == 303


def test_a_new_key_of_the_provider_is_fetched_when_it_is_first_met(
    client: Any, app: FastAPI, local: LocalProvider
) -> None:
    now_s = 0.0
    use(app, local, clock=lambda: now_s)
    local.knows("niaj", "egret-ops")
    assert come_in(client, local, "niaj").status_code == 303
    local.change_keys()
    local.knows("niaj", "egret-ops")
    assert "bad_signature" in come_in(client, local, "niaj").text  # the keys are quite new
    now_s = KEYS_AGAIN_S
    assert come_in(client, local, "niaj").status_code == 303


def test_who_comes_from_the_provider_confirms_there_who_they_are(
    client: Any, local: LocalProvider, session: Session
) -> None:
    local.knows("olivia", "egret-admins")
    local.knows("oscar", "egret-admins")
    come_in(client, local, "olivia")
    long_ago = update(AccessToken).values(authenticated_at=utc_now().replace(year=2020))
    session.connection().execute(long_ago)
    session.commit()
    asked = client.post("/people", data={"name": "x", "role": "viewer"})
    assert asked.headers["location"].startswith("/confirm-identity?next=")
    page = client.get(asked.headers["location"]).text
    assert "Password of" not in page
    url = begin(client, "/confirm-identity/provider", "/people")
    assert "prompt=login" in url
    assert "max_age=0" in url
    other = client.get(local.consent(url, "oscar"))
    assert (other.status_code, "somebody else" in other.text) == (403, True)
    url = begin(client, "/confirm-identity/provider", "/people")
    done = client.get(local.consent(url, "olivia"))
    assert (done.status_code, done.headers["location"]) == (303, "/people")
    local_one = client.post("/people", data={"name": "x", "role": "viewer"})
    assert local_one.status_code == 200


def test_a_person_of_the_provider_is_changed_there(
    client: Any, local: LocalProvider, session: Session
) -> None:
    local.knows("peggy", "egret-admins")
    come_in(client, local, "peggy")
    person = session.exec(select(User).where(User.name == "peggy")).one()
    page = client.get(f"/people/{person.id}").text
    assert "Change role" not in page
    assert "Reset" not in page
    assert "Invited" not in client.get("/people").text
    for path in ("role", "reset"):
        refused = client.post(f"/people/{person.id}/{path}", data={"role": "viewer"})
        assert (refused.status_code, "signs in by the provider" in refused.text) == (409, True)
    assert client.get("/account/second-factor").status_code == 409
    told = client.get(f"/api/v1/users/{person.id}").json()
    assert (told["status"], told["signs_in_by"]) == ("active", "provider")
    removed = client.post(f"/people/{person.id}/removal", data={"confirm": "peggy"})
    assert removed.status_code == 303
