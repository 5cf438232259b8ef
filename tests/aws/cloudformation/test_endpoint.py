"""The resources and methods of an endpoint, whatever its path, its methods and its access."""

from typing import Any

import pytest

from tests.aws.cloudformation.test_templates import function
from webapp.aws.cloudformation.conditions import parse
from webapp.aws.cloudformation.endpoint import ALLOWED_HEADERS

ROOT = {"Fn::GetAtt": ["RestApi", "RootResourceId"]}


def resources(**change: Any) -> dict[str, Any]:
    found: dict[str, Any] = parse(function(**change).body)["Resources"]
    return found


def methods(made: dict[str, Any]) -> dict[str, Any]:
    """Where each method is, by its logical id."""
    kind = "AWS::ApiGateway::Method"
    return {
        name: each["Properties"]["ResourceId"]
        for name, each in made.items()
        if each["Type"] == kind
    }


def test_an_endpoint_without_a_path_answers_at_its_root() -> None:
    assert methods(resources()) == {"Get": ROOT, "Preflight": ROOT}


def test_each_part_of_a_path_is_a_resource_and_the_last_one_answers() -> None:
    made = resources(path="clans/top10")
    parts = [made[name]["Properties"] for name in ("Path1", "Path2")]
    assert [(part["ParentId"], part["PathPart"]) for part in parts] == [
        (ROOT, "clans"),
        ({"Ref": "Path1"}, "top10"),
    ]
    assert methods(made) == {"Get": {"Ref": "Path2"}, "Preflight": {"Ref": "Path2"}}


def test_every_method_is_there_at_the_path_and_below_it() -> None:
    made = resources(path="bank", methods=("GET", "POST"), subpaths=True)
    below = made["Below"]["Properties"]
    assert (below["ParentId"], below["PathPart"]) == ({"Ref": "Path1"}, "{proxy+}")
    at, under = {"Ref": "Path1"}, {"Ref": "Below"}
    assert methods(made) == {
        "Get": at,
        "Post": at,
        "Preflight": at,
        "GetBelow": under,
        "PostBelow": under,
        "PreflightBelow": under,
    }
    deployment = next(each for name, each in made.items() if name.startswith("Deployment"))
    assert set(methods(made)) <= set(deployment["DependsOn"])


@pytest.mark.parametrize(
    ("change", "callable_as"),
    [
        ({}, "GET/"),
        ({"path": "clans/top10"}, "GET/clans/top10"),
        ({"path": "bank", "methods": ("GET", "POST")}, "*/bank"),
        ({"path": "bank", "subpaths": True}, "GET/bank*"),
    ],
)
def test_the_api_may_call_the_function_for_its_path_only(
    change: dict[str, Any], callable_as: str
) -> None:
    assert function(**change).parameters["Callable"] == callable_as


@pytest.mark.parametrize("change", [{"path": "a"}, {"methods": ("POST",)}, {"subpaths": True}])
def test_another_path_or_method_is_another_deployment(change: dict[str, Any]) -> None:
    assert not {*resources()} >= {name for name in resources(**change) if "Deployment" in name}


def test_no_part_of_the_api_depends_on_a_condition() -> None:
    """What is taken away is deleted after the deployment, which would still have it."""
    kinds = ("Method", "GatewayResponse", "Resource", "Deployment", "Stage")
    assert not [
        name
        for name, each in resources().items()
        if each["Type"].removeprefix("AWS::ApiGateway::") in kinds and "Condition" in each
    ]


def test_a_preflight_allows_what_browsers_and_signing_clients_send() -> None:
    names = ALLOWED_HEADERS.split(",")
    assert names == [*sorted(names[:-1]), "*"]
    sent = "authorization x-amz-date x-amz-security-token x-amz-content-sha256 x-amz-user-agent"
    sent += " amz-sdk-invocation-id amz-sdk-request traceparent tracestate baggage if-none-match"
    assert set(sent.split()) <= set(names)
