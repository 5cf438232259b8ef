"""The API's description says all that tools and people need to know."""

import re

import pytest

from tests.openapi.described import Described, Operation, described
from tests.routes.all_routes import routes_of_the_product
from webapp.routes.api.description.texts import TAGS

BARE = "Successful Response"


@pytest.fixture(scope="module", name="described")
def made() -> Described:
    return described()


def broken(described: Described, rule: object) -> list[str]:
    assert callable(rule)
    return [each.id for each in described.operations if not rule(each)]


def test_each_operation_has_a_name_of_its_own_and_words(described: Described) -> None:
    def is_told(each: Operation) -> bool:
        about = each.about
        is_named = re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", each.id) and "api_v1" not in each.id
        return bool(is_named and about["summary"].strip() and about["description"].strip())

    assert not broken(described, is_told)
    ids = [each.id for each in described.operations]
    assert len(ids) == len({*ids}) > 70


def test_every_route_of_the_api_is_described(described: Described) -> None:
    routes = [route for route in routes_of_the_product() if route.is_api and route.method != "HEAD"]
    found = {(each.path, each.method.upper()) for each in described.operations}
    assert {(route.path, route.method) for route in routes} == found


def test_each_operation_is_under_one_described_tag(described: Described) -> None:
    assert not broken(described, lambda each: len(each.about["tags"]) == 1)
    assert {tag for each in described.operations for tag in each.about["tags"]} == {*TAGS}
    assert [tag["name"] for tag in described.document["tags"]] == [*TAGS]


def test_every_example_is_what_its_schema_says(described: Described) -> None:
    bodies = [*described.bodies()]
    assert len(bodies) > 500
    distinct = {str(content): (where, content) for where, content in bodies}
    for where, content in distinct.values():
        assert not described.problems(content["schema"], content["example"]), where


def test_a_problem_is_described_once(described: Described) -> None:
    problem = described.document["components"]["schemas"]["Problem"]
    assert {"code", "detail", "remedy", "errors", "request_id"} <= {*problem["properties"]}
    for each in described.operations:
        for status, answer in each.about["responses"].items():
            assert (status >= "400") == ("$ref" in answer), (each.id, status)
    codes = re.findall("'code': {'type': 'string'}, 'detail'", str(described.document))
    assert len(codes) == 1


def test_whoever_is_not_signed_in_is_told_how(described: Described) -> None:
    schemes = described.document["components"]["securitySchemes"]
    assert {name: about["type"] for name, about in schemes.items()} == {
        "token": "http",
        "session": "apiKey",
    }
    assert not broken(described, lambda each: each.about["security"] == [{n: []} for n in schemes])


def test_each_operation_says_which_role_it_needs(described: Described) -> None:
    def is_told(each: Operation) -> bool:
        return f"Needs the role {each.about['x-role']}." in each.about["description"]

    assert not broken(described, is_told)
    roles = {each.id: each.about["x-role"] for each in described.operations}
    assert (roles["show_network"], roles["park_network"]) == ("viewer", "operator")
    assert roles["delete_network"] == "admin"
