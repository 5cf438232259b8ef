"""The page Activity: who did what, newest first, filtered by its address; and links to it."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.routes.people import sign_in
from tests.services.rows import IP, a_key, a_network, add_function
from webapp.models import AuditResult, Key, Role
from webapp.routes.pages.audit import PAGE
from webapp.scope import Origin, Scope

ORIGIN = Origin("operator", "203.0.113.9", "feedfeedfeedfeed")


def record(session: Session, count: int = 1) -> None:
    for _ in range(count):
        Scope(session, "bob", origin=ORIGIN).record("park", a_network(), "<b>why</b>")
    session.commit()


def test_each_event_says_who_what_which_where_and_with_what_result(
    signed_in: Any, session: Session
) -> None:
    record(session)
    Scope(session, "mallory").record(
        "upload", a_key(), result=AuditResult.REFUSED, code="not_the_partners"
    )
    session.commit()
    shown = signed_in.get("/activity").text
    for text in ("bob", "operator", "park", "203.0.113.9", "feedfeedfeedfeed", "Done"):
        assert text in shown
    assert "&lt;b&gt;why" in shown
    assert shown.index("not_the_partners") < shown.index("feedfeedfeedfeed")
    assert "UTC" in shown


def test_filters_and_pages_are_in_the_address(signed_in: Any, session: Session) -> None:
    record(session, PAGE + 2)
    Scope(session, "mallory").record("upload", a_key())
    session.commit()
    first = signed_in.get("/activity?actor=bob")
    assert first.text.count('class="call"') == PAGE
    assert "mallory" not in first.text
    (older,) = re.findall(r'href="(/activity\?actor=bob&amp;after=\d+)"', first.text)
    rest = signed_in.get(older.replace("&amp;", "&")).text
    assert rest.count('class="call"') == 2
    assert "Older events</a>" not in rest
    assert 'href="/api/v1/audit-events/export?actor=bob"' in rest


def test_nothing_yet_is_not_nothing_that_matches(signed_in: Any) -> None:
    assert "Nothing has been done yet" in signed_in.get("/activity").text
    assert "No events match" in signed_in.get("/activity?actor=nobody-else").text


@pytest.mark.parametrize("query", ["from=yesterday", "after=%F0%9D%9F%99", "after=-1"])
def test_a_filter_that_cannot_be_comes_back_with_its_error(signed_in: Any, query: str) -> None:
    answer = signed_in.get(f"/activity?{query}&actor=bob")
    assert answer.status_code == 422
    assert "Nothing was searched" in answer.text
    assert 'value="bob"' in answer.text


@pytest.mark.parametrize(("role", "leads"), [(Role.ADMIN, True), (Role.VIEWER, False)])
def test_things_lead_to_their_activity(
    client: Any, app: FastAPI, session: Session, role: Role, leads: bool
) -> None:
    sign_in(client, app, role)
    function = add_function(session)
    key = session.exec(select(Key)).one()
    key.claims = {"kind": "developer", "scopes": [], "cidrs": [IP], "tier": "", "issued_at": ""}
    session.commit()
    links = {
        f"/functions/{function.name}": f"noun=function&amp;name={function.name}",
        "/networks/net": "noun=network&amp;name=net",
        "/keys/key": "noun=key&amp;name=key",
        "/addresses": f"noun=address&amp;name={IP}",
    }
    for page, query in links.items():
        shown = client.get(page).text
        assert (f'href="/activity?{query}"' in shown) == leads, page
        assert ('href="/activity"' in shown) == leads
    assert client.get("/activity").status_code == (200 if leads else 403)
