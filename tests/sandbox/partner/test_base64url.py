"""Base64url as JWTs and cursors use it: without padding."""

import pytest

from webapp.sandbox.partner.base64url import decode_json, encode, encode_json


def test_it_has_no_padding_and_is_safe_in_a_url() -> None:
    assert encode(b"\xff\xfe\xfd\xfc") == "__79_A"
    assert encode_json({"pos": 20}) == "eyJwb3MiOjIwfQ"


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"ab": 12}, ["x", None], "é"])
def test_what_was_encoded_is_decoded_whatever_its_length(value: object) -> None:
    assert decode_json(encode_json(value)) == value


@pytest.mark.parametrize("text", ["nonsense", "e", "é", ""])
def test_a_text_that_is_something_else_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        decode_json(text)
