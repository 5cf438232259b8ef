"""The reference page of the API has every operation, with what it takes and answers."""

import json
import shlex
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI

from tests.fast import thorough
from tests.openapi.described import described
from tests.routes.people import sign_in
from webapp.models import Role
from webapp.routes.api.description.reference import Operation, Reference

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    tags = Reference(described().document, ORIGIN).tags()
    return {each.id: each for tag in tags for each in tag.operations}


@thorough("every operation")
def test_every_operation_is_on_the_page_of_its_tag(signed_in: Any) -> None:
    overview = signed_in.get("/api").text
    for tag in described().document["tags"]:
        shown = signed_in.get(f"/api?tag={tag['name']}").text
        ids = [each.id for each in described().operations if tag["name"] in each.about["tags"]]
        for each in ids:
            assert f'id="{each}"' in shown
            assert f"#{each}" in overview


def test_a_viewer_may_read_it_and_who_is_not_signed_in_may_not(app: FastAPI, client: Any) -> None:
    assert client.get("/api").headers["location"] == "/sign-in?next=/api"
    sign_in(client, app, Role.VIEWER)
    assert client.get("/api").status_code == 200
    assert client.get("/api?tag=nothing").status_code == 404


def test_fields_are_told_in_words(operations: dict[str, Operation]) -> None:
    fields = {field.name: field for field in operations["create_network"].fields}
    assert fields["name"].required
    assert fields["name"].pattern == "[a-z][a-z0-9-]{1,30}"
    assert fields["availability_zones"].kind == "whole number, 1 to 3"
    assert fields["nat"].kind == 'one of "single", "per_az"'
    assert fields["addresses"].kind == "list of text, at most 64 characters"
    assert fields["dry_run"].where == "query"
    hours = {field.name for field in operations["save_schedule"].fields}
    assert {"hours", "hours.time_zone", "hours.days"} <= hours


def test_answers_have_their_example_and_an_empty_one_has_none(
    operations: dict[str, Operation],
) -> None:
    shown = {each.status: each for each in operations["create_network"].answers}
    assert json.loads(shown["202"].example)["name"] == "main"
    assert json.loads(shown["409"].example)["code"] == "name_taken"
    assert "Location" in shown["202"].headers
    assert [each.example for each in operations["delete_network"].successes] == [""]


def test_the_command_of_each_operation_is_one_that_a_shell_understands(
    operations: dict[str, Operation],
) -> None:
    for each in operations.values():
        words = shlex.split(unescape(each.curl))
        method = words[words.index("-X") + 1] if "-X" in words else None
        assert (method or ("POST" if "--json" in words else "GET")) == each.method
        (url,) = [word for word in words if word.startswith(ORIGIN)]
        assert "{" not in url
        if "--json" in words:
            assert isinstance(json.loads(words[words.index("--json") + 1]), dict)
    create = shlex.split(operations["create_network"].curl)
    assert json.loads(create[-1])["region"] == "eu-central-1"
