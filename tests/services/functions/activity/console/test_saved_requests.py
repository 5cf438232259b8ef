"""Saved requests: by name, a bounded number, and never with what may be a secret."""

from typing import Any

import pytest

from tests.services.rows import a_function, a_key, a_network, add_function
from webapp.errors import Conflict, Invalid, NotFound
from webapp.models import Function, NewSavedRequest
from webapp.scope import CloudScope
from webapp.services import functions
from webapp.services.audit import list_after
from webapp.services.functions.activity.console import saved_requests
from webapp.services.functions.activity.console.saved_requests import CONTENT_MAX_BYTES, SAVED_MAX

REQUEST = {"method": "POST", "path": "/top", "query": {"limit": "5"}, "body": '{"limit": 5}'}


@pytest.fixture
def function(offline: CloudScope) -> Function:
    return add_function(offline.session)


def new(name: str = "five", **content: Any) -> NewSavedRequest:
    return NewSavedRequest.model_validate({"name": name} | (content or {"request": REQUEST}))


def test_a_request_is_saved_listed_and_deleted(offline: CloudScope, function: Function) -> None:
    saved_requests.save(offline, "fun", new("b", event={"a": 1}))
    saved = saved_requests.save(offline, "fun", new(" a "))
    assert [each.name for each in saved_requests.list_all(offline.session, function)] == ["a", "b"]
    assert saved.invocation.request == new().request
    assert saved.created_by == "tests"
    saved_requests.delete(offline, "fun", saved.id)
    assert [each.name for each in saved_requests.list_all(offline.session, function)] == ["b"]
    actions = [event.action for event in list_after(offline.session, 0, limit=9)]
    assert sorted(actions) == ["delete saved request", "save request", "save request"]


def test_a_name_is_taken_once(offline: CloudScope, function: Function) -> None:
    saved_requests.save(offline, "fun", new())
    with pytest.raises(Conflict) as refused:
        saved_requests.save(offline, function.name, new())
    assert (refused.value.code, [*refused.value.errors]) == ("name_taken", ["name"])


def test_the_number_of_saved_requests_is_limited(offline: CloudScope, function: Function) -> None:
    for number in range(SAVED_MAX):
        saved_requests.save(offline, function.name, new(f"n{number}", event={}))
    with pytest.raises(Conflict) as refused:
        saved_requests.save(offline, "fun", new())
    assert refused.value.code == "too_many_saved"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"request": {"headers": {"Authorization": "Bearer x"}}}, "headers"),
        ({"request": {"headers": {"X-Api-Key": "x"}}}, "headers"),
        ({"request": {"headers": {"Cookie": "x"}}}, "headers"),
        ({"request": {"query": {"access_token": "x"}}}, "query"),
        ({"request": {"query": {"key": "x"}}}, "query"),
        ({"request": {"body": '{"login": [{"password": "x"}]}'}}, "body"),
        ({"request": {"body": "user=ada&password=x"}}, "body"),
        ({"event": {"headers": {"authorization": "x"}}}, "event"),
        ({"event": {"body": '{"client_secret": "x"}'}}, "event"),
    ],
)
def test_what_may_hold_a_secret_is_not_saved(
    offline: CloudScope, function: Function, content: Any, field: str
) -> None:
    with pytest.raises(Invalid, match="may hold a secret") as refused:
        saved_requests.save(offline, function.name, new(**content))
    assert (refused.value.code, [*refused.value.errors]) == ("secret_not_saved", [field])
    assert saved_requests.list_all(offline.session, function) == []


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"name": " ", "event": {}}, "name"),
        ({"name": "a"}, "event"),
        ({"name": "a", "event": {"a": "x" * CONTENT_MAX_BYTES}}, "event"),
        ({"name": "a", "request": {"body": "x" * CONTENT_MAX_BYTES}}, "body"),
        ({"name": "a", "request": {"path": "x"}}, "path"),
    ],
)
def test_what_cannot_be_saved_is_refused_at_its_field(
    offline: CloudScope, function: Function, content: Any, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        saved_requests.save(offline, function.name, NewSavedRequest.model_validate(content))
    assert field in refused.value.errors


def test_a_saved_request_belongs_to_one_function_and_goes_with_it(
    offline: CloudScope, function: Function
) -> None:
    saved = saved_requests.save(offline, "fun", new())
    with pytest.raises(NotFound):
        saved_requests.find(offline.session, a_function(a_network(), a_key()), saved.id)
    offline.session.delete(functions.get(offline.session, function.name))
    offline.session.commit()
    assert saved_requests.list_all(offline.session, function) == []
