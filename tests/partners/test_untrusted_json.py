"""Values from JSON that someone else wrote: the wanted type, or an empty value."""

import pytest

from webapp.partners.untrusted_json import (
    as_list,
    as_number,
    as_object,
    as_text,
    as_texts,
    parse_object,
)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_a_text_without_an_object_is_an_empty_object(text: bytes) -> None:
    assert parse_object(text) == {}


def test_an_object_is_read() -> None:
    assert parse_object('{"name": "café"}'.encode()) == {"name": "café"}


@pytest.mark.parametrize("value", [None, True, 7, 7.5, "x", ["x"], {"x": 1}])
def test_a_value_of_another_type_counts_as_missing(value: object) -> None:
    assert as_object(value) == (value if isinstance(value, dict) else {})
    assert as_list(value) == (value if isinstance(value, list) else [])
    assert as_text(value) == (value if isinstance(value, str) else "")
    assert as_number(value) == (7 if value == 7 else None)


def test_a_number_that_programs_read_differently_counts_as_missing() -> None:
    assert (as_number(-(2**53) + 1), as_number(2**53)) == (-(2**53) + 1, None)


def test_a_list_of_texts_leaves_out_everything_else() -> None:
    assert as_texts(["a", 1, "", None, "b"]) == ("a", "b")
    assert as_texts("ab") == ()


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert as_text("a\ud800b") == "a?b"
