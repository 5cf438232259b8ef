"""The page and the API of a function's callers: the key shown once, forms that come back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.routes.people import bearer
from tests.services.functions.callers.rows import (
    KEY,
    a_caller,
    answer_all,
    callers_of,
    function_with_endpoint,
)
from tests.services.overview.test_page import counted
from tests.services.rows import add
from tests.services.scripted import ScriptedAws
from webapp.models import Access, Function
from webapp.services.functions.callers.details import LISTED_MAX

PAGE = "/functions/fun/callers"
API = f"/api/v1{PAGE}"
WEB = {"name": "web", "rate": "2", "quota": "100"}


@pytest.fixture(scope="module")
def aws() -> ScriptedAws:
    return ScriptedAws()


@pytest.fixture
def function(app: FastAPI, session: Session, aws: ScriptedAws) -> Iterator[Function]:
    """On an AWS where all goes well."""
    app.state.parts = replace(app.state.parts, cloud=aws.cloud)
    aws.reset()
    answer_all(aws)
    aws.answers["GetUsage"] = {"items": {"key-web": [[n, 0] for n in range(7)]}}
    yield function_with_endpoint(session)


@pytest.mark.usefixtures("function")
def test_the_key_is_on_the_answer_that_made_it_and_on_no_other(signed_in: Any) -> None:
    made = signed_in.post(PAGE, data=WEB)
    assert made.headers["Cache-Control"] == "no-store"
    assert f'data-copy="{KEY["value"]}"' in made.text
    assert "curl -H &#34;x-api-key: $EGRET_API_KEY&#34; https://api.example/prod/" in made.text
    assert f'data-address="{PAGE}"' in made.text, "nothing of the form is filled in again"
    again = signed_in.post(f"{PAGE}/web/rotation")
    assert f'data-copy="{KEY["value"]}"' in again.text
    shown = signed_in.get(PAGE)
    assert KEY["value"] not in shown.text
    assert re.search(r"<dt>Today</dt><dd>6</dd>", shown.text)
    assert KEY["value"] not in signed_in.get("/functions/fun").text


@pytest.mark.usefixtures("function")
def test_a_form_comes_back_filled_in_with_a_message_at_the_field(signed_in: Any) -> None:
    refused = signed_in.post(PAGE, data=WEB | {"rate": "1000"})
    assert refused.status_code == 422
    assert 'id="rate-error"' in refused.text
    assert 'value="1000"' in refused.text
    assert 'id="quota-error"' not in refused.text
    assert signed_in.post(PAGE, data=WEB | {"quota": "many"}).status_code == 422


def test_limits_are_changed_and_a_refused_change_says_so_at_its_caller(
    signed_in: Any, session: Session, function: Function
) -> None:
    add(session, a_caller(function), a_caller(function, "app"))
    changed = signed_in.post(f"{PAGE}/web/limits", data={"rate": "3", "quota": "50"})
    assert "The limits of web were changed." in changed.text
    refused = signed_in.post(f"{PAGE}/web/limits", data={"rate": "3", "quota": "0"})
    assert refused.status_code == 422
    assert 'id="quota-web-error"' in refused.text
    assert 'id="quota-app-error"' not in refused.text
    assert {caller.name: caller.rate for caller in callers_of(session)} == {"web": 3, "app": 10}


def test_a_caller_is_revoked_by_typing_its_name(
    signed_in: Any, session: Session, function: Function
) -> None:
    add(session, a_caller(function))
    refused = signed_in.post(f"{PAGE}/web/revocation", data={"confirm": "wep"})
    assert refused.status_code == 422
    assert 'id="confirm-web-error"' in refused.text
    revoked = signed_in.post(f"{PAGE}/web/revocation", data={"confirm": "web"})
    assert "web was revoked." in revoked.text
    assert callers_of(session) == []


@pytest.mark.usefixtures("function")
def test_a_function_without_callers_says_that_nobody_can_call_it(
    signed_in: Any, session: Session, function: Function
) -> None:
    page = signed_in.get("/functions/fun").text
    assert "Nobody can call it yet." in page
    assert f'href="{PAGE}"' in page
    add(session, a_caller(function))
    page = signed_in.get("/functions/fun").text
    assert "Nobody can call it yet." not in page
    assert "1 caller<" in page


@pytest.mark.parametrize(
    ("access", "text"),
    [(Access.OPEN, "Everyone on the internet"), (Access.IAM, "takes signed AWS requests")],
)
def test_callers_that_do_not_count_are_shown_with_the_reason(
    signed_in: Any, session: Session, function: Function, access: Access, text: str
) -> None:
    function.access = access
    add(session, function, a_caller(function))
    page = signed_in.get(PAGE).text
    assert text in page
    assert "Add caller" not in page
    assert 'id="caller-web"' in page


def test_a_list_goes_on_page_by_page_with_as_many_statements_as_for_one(
    signed_in: Any, session: Session, app: FastAPI, function: Function
) -> None:
    add(session, *(a_caller(function, f"c-{n:02}") for n in range(LISTED_MAX + 1)))
    engine = app.state.parts.engine
    with counted(engine) as many:
        page = signed_in.get(PAGE).text
    with counted(engine) as one:
        last = signed_in.get(f"{PAGE}?after=c-09").text
    assert f'href="{PAGE}?after=c-09"' in page
    assert 'id="caller-c-10"' in last
    asked = [[text for text in made if "FROM caller" in text] for made in (many, one)]
    assert asked[0] == asked[1] != []
    first = signed_in.get(API, params={"limit": 100}, headers=bearer(app)).json()
    assert (len(first["items"]), first["next"]) == (LISTED_MAX, "c-09")
    rest = signed_in.get(API, params={"after": "c-09"}, headers=bearer(app)).json()
    assert ([each["name"] for each in rest["items"]], rest["next"]) == (["c-10"], None)


def test_the_api_refuses_a_limit_with_the_field(
    signed_in: Any, session: Session, app: FastAPI, function: Function
) -> None:
    add(session, a_caller(function))
    for body in ({"rate": 0}, {"quota": "x"}, {"rates": 1}):
        refused = signed_in.patch(f"{API}/web", json=body, headers=bearer(app))
        assert (refused.status_code, [*refused.json()["errors"]]) == (422, [*body]), body
    assert (
        signed_in.patch(f"{API}/web", json={"quota": 9}, headers=bearer(app)).json()["quota"] == 9
    )
