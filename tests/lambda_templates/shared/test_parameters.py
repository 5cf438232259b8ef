"""Parameters of callers: full matches only, each once, quoted into their place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_templates.shared.answers import Problem
from lambda_templates.shared.parameters import VALUE_MAX_CHARS, Parameters, filled

CALLER: dict[str, Any] = {"requestContext": {"identity": {}}}
PARAMETERS = Parameters(
    [
        {"name": "account", "pattern": "[0-9]{4}", "required": True, "default": "1001"},
        {"name": "date", "pattern": "[0-9-]{10}"},
        {"name": "currency", "pattern": "(EUR|USD)", "default": "EUR"},
        {"name": "note", "pattern": ".*"},
    ]
)


def values(**given: str) -> dict[str, str]:
    return PARAMETERS.values(CALLER | {"queryStringParameters": given})


def test_what_is_not_given_has_its_default_or_no_value() -> None:
    assert values(account="2002") == {"account": "2002", "currency": "EUR"}
    assert PARAMETERS.values({}) == {"account": "1001", "currency": "EUR"}, "Egret's own call"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "account is required"),
        ({"account": "12345"}, "account has to match"),
        ({"account": "1001\n"}, "account has to match"),
        ({"account": "\u0661\u0662\u0663\u0664"}, "account has to match"),
        ({"account": "1001", "currency": "EURUSD"}, "currency has to match"),
        ({"account": "1001", "other": "1"}, "other is not one"),
        ({"account": "1001", "note": "a\r\nHost: b"}, "note has to match"),
        ({"account": "1001", "note": "a\ud800"}, "note has to match"),
        ({"account": "1001", "note": "x" * (VALUE_MAX_CHARS + 1)}, "note has to match"),
    ],
)
def test_a_value_outside_its_pattern_is_422_and_not_repeated(
    given: dict[str, str], why: str
) -> None:
    with pytest.raises(Problem, match=why) as refused:
        values(**given)
    assert (refused.value.status, refused.value.code) == (422, "bad_parameter")
    assert "Host" not in refused.value.detail


def test_a_name_that_is_given_twice_is_refused() -> None:
    every: dict[str, Any] = {"multiValueQueryStringParameters": {"account": ["1001", "1002"]}}
    with pytest.raises(Problem, match="more than once"):
        PARAMETERS.values(CALLER | every)
    every["multiValueQueryStringParameters"] = {"account": ["1001"]}
    assert PARAMETERS.values(CALLER | every)["account"] == "1001"


@pytest.mark.parametrize("given", ["x", ["a"], {"account": 1001}, {"account": {"a": 1}}])
def test_any_event_is_judged(given: Any) -> None:
    for name in ("queryStringParameters", "multiValueQueryStringParameters"):
        try:
            assert PARAMETERS.values(CALLER | {name: given})["account"] == "1001"
        except Problem as problem:
            assert problem.status == 422


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_value_never_leaves_its_place(value: str) -> None:
    path = filled("/v1/{x}/end?y={x}", {"x": value})
    assert path.isascii()
    assert (path.count("/"), path.count("?"), path.count("&"), path.count("=")) == (3, 1, 0, 1)
    assert not {*"#\r\n "} & {*path}
