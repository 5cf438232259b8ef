"""The pages and the API of changes and revisions, on an AWS that does not answer."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session, select

from tests.services.overview.test_page import counted
from tests.services.rows import add, add_function
from tests.services.scripted import STACK_ID
from webapp.models import Access, Function, FunctionRevision, Network, RevisionStatus, Status
from webapp.services.audit import list_after
from webapp.services.functions.catalogue.templates import get_template
from webapp.services.functions.revisions import rows as revisions

SETTINGS = {"location": "32000006", "ranking": "clans", "limit": 10}
FORM = {
    "network": "net",
    "key": "key",
    "settings.location": "32000006",
    "settings.ranking": "clans",
    "settings.limit": "10",
    "access": "api_key",
    "cors_origins": "",
    "environment": "",
    "memory_mb": "256",
    "timeout_s": "28",
    "every_minutes": "",
}


@pytest.fixture
def function(session: Session) -> Function:
    """In its second revision, which has three rows fewer than the first."""
    function = add_function(
        session, settings=SETTINGS, stack_id=STACK_ID, outputs={"FunctionName": "fun"}
    )
    session.get_one(Network, function.network_id).outputs = {"SecurityGroupId": "sg-1"}
    template = get_template("clash_rankings")
    for number, limit in ((1, 13), (2, 10)):
        function.revision, function.settings = number, SETTINGS | {"limit": limit}
        revision = revisions.describe(session, function, template)
        revision.actor = "ada"
        revision.status = RevisionStatus.LIVE if number == 2 else RevisionStatus.REPLACED
        add(session, revision)
    return function


def numbers(session: Session) -> list[int]:
    return sorted(session.exec(select(FunctionRevision.number)).all())


@pytest.mark.usefixtures("function")
def test_the_form_shows_what_is_live_and_comes_back_filled_in_with_each_error(
    signed_in: Any, session: Session
) -> None:
    page = signed_in.get("/functions/fun/edit").text
    assert 'value="256"' in page
    assert 'value="10"' in page
    wrong = {"memory_mb": "64", "settings.limit": "999", "every_minutes": "1"}
    for path in ("/functions/fun/edit", "/functions/fun/edit/deployment"):
        answer = signed_in.post(path, data=FORM | wrong)
        assert answer.status_code == 422
        for field, typed in wrong.items():
            assert f'id="{field}-error"' in answer.text
            assert f'value="{typed}"' in answer.text
    answer = signed_in.post("/functions/fun/edit", data=FORM | wrong | {"access": "open"})
    for field in (*wrong, "confirm"):
        assert f'id="{field}-error"' in answer.text
    assert numbers(session) == [1, 2]


@pytest.mark.usefixtures("function")
def test_a_review_shows_what_changes_and_leads_back_to_the_form(signed_in: Any) -> None:
    changed = FORM | {"environment": "prod", "every_minutes": "15"}
    page = signed_in.post("/functions/fun/edit", data=changed).text
    assert "This needs no deployment." in page
    assert "every 15 minutes" in page
    assert '<input type="hidden" name="environment" value="prod">' in page
    back = signed_in.post("/functions/fun/edit", data=changed | {"back": "yes"})
    assert back.status_code == 200
    assert 'value="prod"' in back.text
    page = signed_in.post("/functions/fun/edit", data=FORM).text
    assert "Nothing differs" in page


def test_what_is_reviewed_is_made_by_one_button(
    signed_in: Any, session: Session, function: Function
) -> None:
    form = FORM | {"environment": "prod", "every_minutes": "15"}
    assert "Saved." in signed_in.post("/functions/fun/edit/deployment", data=form).text
    session.refresh(function)
    assert (function.environment, function.every_minutes) == ("prod", 15)
    answer = signed_in.post("/functions/fun/edit/deployment", data=form | {"memory_mb": "512"})
    assert "Revision 3 is being deployed." in answer.text
    session.refresh(function)
    assert (function.status, numbers(session)) == (Status.UPDATING, [1, 2, 3])


def test_what_was_reviewed_before_another_change_is_reviewed_again(
    signed_in: Any, session: Session, function: Function
) -> None:
    form = FORM | {"environment": "prod", "reviewed": "1"}
    answer = signed_in.post("/functions/fun/edit/deployment", data=form)
    assert (answer.status_code, "was changed since you reviewed" in answer.text) == (409, True)
    assert answer.text.count('name="reviewed"') == 1
    session.refresh(function)
    assert function.environment == ""
    signed_in.post("/functions/fun/edit/deployment", data=form | {"reviewed": "2"})
    session.refresh(function)
    assert function.environment == "prod"


def test_the_form_shows_the_setting_that_the_newest_template_refuses(
    signed_in: Any, session: Session, function: Function
) -> None:
    revisions.live(session, function).settings = SETTINGS | {"limit": 999}
    function.settings = SETTINGS | {"limit": 999}
    session.commit()
    version = get_template("clash_rankings").version
    answer = signed_in.post("/functions/fun/template", data={"version": version})
    assert answer.status_code == 422
    assert 'id="settings.limit-error"' in answer.text


@pytest.mark.usefixtures("function")
def test_revisions_are_listed_with_what_each_changed_and_compared(
    signed_in: Any, app: FastAPI
) -> None:
    with counted(app.state.parts.engine) as many:
        page = signed_in.get("/functions/fun/revisions").text
    with counted(app.state.parts.engine) as one:
        signed_in.get("/functions/fun/revisions?before=2")
    asked = [sum("function_revision" in text for text in made) for made in (many, one)]
    assert asked == [1, 1]
    assert "How many rows" in page
    assert "by ada" in page
    assert "Roll back to revision 1" in page
    assert "Roll back to revision 2" not in page
    assert "There are no earlier ones." in signed_in.get("/functions/fun/revisions?before=1").text
    page = signed_in.get("/functions/fun/revisions/2?since=1").text
    assert "<td>13</td><td>10</td>" in page
    assert signed_in.get("/functions/fun/revisions/9").status_code == 404


def test_differences_have_the_same_labels_as_the_form(
    signed_in: Any, session: Session, function: Function
) -> None:
    first = revisions.get(session, function, 1)
    first.access, first.settings = Access.IAM, first.settings | {"location": "global", "old": True}
    session.commit()
    page = signed_in.get("/functions/fun/revisions/2?since=1").text
    assert "<td>Signed AWS requests</td><td>Callers with an API key</td>" in page
    assert "<td>Global (all locations)</td><td>International</td>" in page
    assert '<th scope="row">Old</th><td>yes</td><td>none</td>' in page


def test_the_newer_code_of_a_template_is_shown_as_a_diff_and_deployed_by_one_button(
    signed_in: Any, session: Session, function: Function
) -> None:
    version = get_template("clash_rankings").version
    assert "newer version" not in signed_in.get("/functions/fun").text
    live = revisions.live(session, function)
    live.template_version, live.code, live.code_hash = "0", "import this\n", "0" * 16
    session.commit()
    page = signed_in.get("/functions/fun").text
    assert f"Deploy version {version}" in page
    assert "<del>-import this</del>" in page
    answer = signed_in.post("/functions/fun/template", data={"version": version})
    assert "is being deployed" in answer.text
    session.refresh(function)
    assert function.status is Status.UPDATING
    (event,) = list_after(session, 0, limit=9)
    assert (event.actor, event.action, event.name) == ("ada", "change", "fun")


@pytest.mark.usefixtures("function")
def test_a_newer_template_that_needs_other_settings_leads_to_the_form(
    signed_in: Any, session: Session
) -> None:
    for row in (*session.exec(select(Function)), *session.exec(select(FunctionRevision))):
        row.settings = SETTINGS | {"location": "gone"}
    session.commit()
    version = get_template("clash_rankings").version
    answer = signed_in.post("/functions/fun/template", data={"version": version})
    assert answer.status_code == 422
    assert 'id="settings.location-error"' in answer.text
    assert numbers(session) == [1, 2]


def test_the_api_pages_through_revisions_and_rolls_back(
    signed_in: Any, session: Session, function: Function
) -> None:
    url = "/api/v1/functions/fun/revisions"
    first = signed_in.get(f"{url}?limit=1").json()
    assert ([item["number"] for item in first["items"]], first["next"]) == ([2], "2")
    second = signed_in.get(f"{url}?limit=1&after=2").json()
    assert ([item["status"] for item in second["items"]], second["next"]) == (["replaced"], None)
    assert "def handler" in signed_in.get(f"{url}/1").json()["code"]
    found = signed_in.get(f"{url}/2/differences").json()
    assert found == {
        "changes": [{"field": "settings.limit", "before": 13, "after": 10}],
        "code_diff": "",
    }
    answer = signed_in.post(f"{url}/1/deployment")
    assert (answer.status_code, answer.json()["status"]) == (202, "updating")
    assert answer.json()["changes"] == [{"field": "settings.limit", "before": 10, "after": 13}]
    assert signed_in.post(f"{url}/1/deployment").json()["code"] == "change_under_way"
    session.refresh(function)
    assert numbers(session) == [1, 2, 3]


def test_a_revision_that_everyone_may_call_is_confirmed_by_typing_the_functions_name(
    signed_in: Any, session: Session, function: Function
) -> None:
    revisions.get(session, function, 1).access = Access.OPEN
    session.commit()
    url = "/functions/fun/revisions"
    page = signed_in.get(url).text
    assert f'href="{url}/1#confirm"' in page
    assert f"{url}/1/deployment" not in page
    assert 'name="confirm"' in signed_in.get(f"{url}/1").text
    answer = signed_in.post(f"{url}/1/deployment", data={"confirm": "other"})
    assert answer.status_code == 422
    assert 'id="confirm-error"' in answer.text
    assert numbers(session) == [1, 2]
    signed_in.post(f"{url}/1/deployment", data={"confirm": "fun"})
    assert numbers(session) == [1, 2, 3]


@pytest.mark.usefixtures("function")
def test_the_api_changes_what_is_named_and_says_when_nothing_is_different(signed_in: Any) -> None:
    url = "/api/v1/functions/fun"
    answer = signed_in.patch(url, json={"settings": {"limit": 10}, "memory_mb": 256})
    assert (answer.status_code, answer.json()["changes"], answer.json()["deploys"]) == (
        202,
        [],
        False,
    )
    answer = signed_in.patch(url, json={"schedule": {"every_minutes": 15}})
    assert (answer.json()["schedule"], answer.json()["status"]) == ({"every_minutes": 15}, "ready")
    preview = signed_in.post(f"{url}/change-preview", json={"schedule": None}).json()
    assert preview == {
        "changes": [{"field": "schedule", "before": {"every_minutes": 15}, "after": None}],
        "deploys": False,
        "resources": [],
        "interrupts": False,
    }
    refused = signed_in.patch(url, json={"memory_mb": 1, "timeout_s": 900})
    assert refused.status_code == 422
    assert refused.json()["errors"].keys() == {"memory_mb", "timeout_s"}
    assert signed_in.patch(url, json={"nmae": "x"}).status_code == 422
