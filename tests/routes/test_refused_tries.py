"""Each try that is refused or fails is in the audit trail: who, what, from where, and why."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlmodel import Session

from tests.routes.people import bearer, sign_in
from tests.services.rows import a_network, add, add_function, an_address
from webapp.models import AuditEvent, Role
from webapp.scope import NOBODY, Scope
from webapp.services import access
from webapp.services.audit import list_after, verify

FOREIGN = {"Sec-Fetch-Site": "cross-site"}
NETWORKS = "/api/v1/networks"


def tries(session: Session) -> list[AuditEvent]:
    return [event for event in list_after(session, 0, limit=99) if event.result != "done"]


def told(session: Session) -> list[tuple[str, ...]]:
    return [(e.actor, e.action, e.noun, e.name, e.result, e.code) for e in tries(session)]


def test_a_change_that_a_program_may_not_make_now(
    client: Any, app: FastAPI, session: Session, engine: Engine
) -> None:
    add(session, a_network())
    headers = bearer(app)
    client.post(NETWORKS, json={"name": "net", "region": "us-east-1"}, headers=headers)
    client.post(NETWORKS, json={"name": "B", "nat": "x"}, headers=headers)
    refused = client.post(f"{NETWORKS}/net/change/confirmation", headers=headers)
    assert told(session) == [
        ("token tests", "create", "network", "", "refused", "name_taken"),
        ("token tests", "create", "network", "", "refused", "invalid"),
        ("token tests", "confirm", "network", "net", "refused", refused.json()["code"]),
    ]
    last = tries(session)[-1]
    assert (last.role, last.client_address) == ("admin", "testclient")
    assert last.request_id == refused.headers["x-request-id"]
    assert last.detail == f"POST {NETWORKS}/net/change/confirmation"
    assert "nat" in tries(session)[1].detail
    assert verify(engine).rows == 4


def test_a_form_that_comes_back_with_errors(signed_in: Any, session: Session) -> None:
    address = an_address()
    add(session, a_network(), address)
    signed_in.post("/networks", data={"name": "net", "region": "us-east-1"})
    signed_in.post("/networks/net/deletion", data={"confirm": "other"})
    signed_in.post(f"/addresses/{address.id}/release", data={"confirm": "other"})
    assert told(session) == [
        ("ada", "create", "network", "", "refused", "name_taken"),
        ("ada", "delete", "network", "net", "refused", "not_confirmed"),
        ("ada", "release", "address", address.public_ip, "refused", "not_confirmed"),
    ]


def test_people_and_tokens_have_the_names_that_they_have_elsewhere(
    signed_in: Any, session: Session
) -> None:
    admin = Scope(session, "tests")
    bob = access.invite(admin, name="bob", role="viewer").user
    token = access.issue_api_token(admin, name="ci", role="viewer").row
    session.commit()
    signed_in.post(f"/people/{bob.id}/removal", data={"confirm": "other"})
    signed_in.patch(f"/api/v1/users/{bob.id}", json={"role": "owner"})
    signed_in.post(f"/tokens/{token.id}/revocation", headers=FOREIGN)
    signed_in.post("/account/sessions/end", headers=FOREIGN)
    signed_in.post("/account/password", data={"old_password": "x", "password": "y"})
    assert [event[1:4] for event in told(session)] == [
        ("remove", "user", "bob"),
        ("change role", "user", "bob"),
        ("revoke", "token", "ci"),
        ("end others", "user", ""),
        ("fail to sign in", "user", "ada"),
        ("change password", "user", "ada"),
    ]


def test_what_aws_does_not_answer_has_failed(client: Any, app: FastAPI, session: Session) -> None:
    headers = bearer(app)
    client.post("/api/v1/addresses", json={"region": "us-east-1"}, headers=headers)
    ((actor, action, *_, result, code),) = told(session)
    assert (actor, action, result, code) == ("token tests", "create", "failed", "aws_not_reached")


def test_what_fails_and_leads_back_to_a_page_has_failed_too(
    signed_in: Any, session: Session
) -> None:
    add_function(session, outputs={"FunctionName": "egret-fun"})
    answer = signed_in.post("/functions/fun/snapshots", follow_redirects=False)
    assert answer.status_code == 303
    assert told(session) == [("ada", "fetch", "function", "fun", "failed", "aws_not_reached")]


def test_what_a_role_does_not_allow_even_to_read(
    client: Any, app: FastAPI, session: Session
) -> None:
    sign_in(client, app, Role.VIEWER)
    client.post("/networks/net/parking")
    client.get("/api/v1/audit-events")
    assert told(session) == [
        ("ada", "park", "network", "net", "refused", "role_too_low"),
        ("ada", "index", "audit-event", "", "refused", "role_too_low"),
    ]
    assert {event.role for event in tries(session)} == {"viewer"}


def test_what_another_site_asks_for_is_kept_once_a_minute(client: Any, session: Session) -> None:
    for _ in range(3):
        client.post("/networks/net\u2028%00/parking", headers=FOREIGN)
    ((*who, code),) = told(session)
    assert who == [NOBODY, "park", "network", "net%E2%80%A8%00", "refused"]
    assert code == "cross_origin"


def test_what_is_no_change_or_nobodys_is_not_kept(
    client: Any, app: FastAPI, session: Session
) -> None:
    headers = bearer(app)
    client.get(f"{NETWORKS}/unknown", headers=headers)
    client.delete(f"{NETWORKS}/unknown", headers=headers)
    client.get(f"{NETWORKS}?limit=0", headers=headers)
    client.post(NETWORKS, json={})
    client.post("/networks", data={})
    for path in ("/api/v1", "/api/v1/", "//", "/networks/"):
        assert client.post(path, headers=headers).status_code in (303, 307, 308, 401, 404, 405), (
            path
        )
    assert told(session) == []


def test_a_refusal_that_cannot_be_kept_is_answered_all_the_same(
    client: Any, app: FastAPI, session: Session
) -> None:
    headers = bearer(app)
    session.execute(text("DROP TABLE audit_head"))
    session.commit()
    assert client.post(NETWORKS, json={"name": "B"}, headers=headers).status_code == 422
    assert told(session) == []
