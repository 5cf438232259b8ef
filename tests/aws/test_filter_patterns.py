"""Patterns for CloudWatch, tried on those that the sandbox takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.aws.filter_patterns import all_of, any_of, equals, is_condition, term
from webapp.sandbox.embedded_aws.filter_patterns import compiled

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(TEXT)
def test_any_text_is_found_as_it_is(text: str) -> None:
    matches = compiled(term(text))
    assert matches(f"before {text} after")
    assert not matches("")


@pytest.mark.parametrize("text", ["-x", "?x", "{ $.a = 1 }", "[a, b]", "%a.b%", 'a"b', "a\\"])
def test_no_text_is_a_pattern_by_accident(text: str) -> None:
    assert compiled(term(text))(f"({text})")
    assert not compiled(term(text))("x a b axb 1")


def test_one_of_several_texts_is_enough() -> None:
    matches = compiled(any_of(["[ERROR]", "Task timed out"]))
    assert matches("[ERROR] KeyError")
    assert matches("Task timed out after 3.00 seconds")
    assert not matches("[INFO] Task")


def test_conditions_hold_together() -> None:
    pattern = all_of([equals("type", "request"), "$.status >= 400"])
    assert pattern == '{ $.type = "request" && $.status >= 400 }'
    assert compiled(pattern)('{"type": "request", "status": 403}')
    assert not compiled(pattern)('{"type": "request", "status": 200}')


@pytest.mark.parametrize("text", ["", 'a" || $.b = "c', "a*", "a\\", "%a%", "a\nb", "x" * 201])
def test_what_would_change_a_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        equals("caller", text or "*")


def test_a_pattern_of_ones_own_is_in_braces() -> None:
    assert is_condition("{ $.status = 403 }")
    assert not any(map(is_condition, ["{}", '{"a": 1}', "{", "$.a", "[w1]"]))
