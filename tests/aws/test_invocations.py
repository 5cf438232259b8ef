"""What a function returned, whatever it is: nothing of it may raise."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.partners.json_of_others import JSON
from webapp.aws.invocations import Invocation, invocation_of, payload_of, text_of


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"headers": None, "body": None},
        {"statusCode": "200", "headers": {}, "body": ""},
        {"isBase64Encoded": None},
    ],
)
def test_what_is_left_out_has_a_usual_value(payload: dict[str, Any]) -> None:
    assert invocation_of(payload) == Invocation(200)


def test_headers_are_texts_with_names_in_lower_case() -> None:
    given_headers = {"X-Number": 7, "X-Yes": True, "Bad": "\ud800\0"}
    expected = {"x-number": "7", "x-yes": "True", "bad": "??"}
    assert invocation_of({"headers": given_headers}).headers == expected


@pytest.mark.parametrize(
    ("payload", "part"),
    [
        ({"statusCode": "many"}, "statusCode"),
        ({"statusCode": None}, "statusCode"),
        ({"statusCode": 200.5}, "statusCode"),
        ({"statusCode": 10**30}, "statusCode"),
        ({"headers": ["a"]}, "headers"),
        ({"headers": "a: b"}, "headers"),
        ({"body": {"items": []}}, "body"),
        ({"body": "\u00e9", "isBase64Encoded": True}, "body"),
        ({"body": "a", "isBase64Encoded": True}, "body"),
    ],
)
def test_a_malformed_answer_is_a_bad_gateway(payload: dict[str, Any], part: str) -> None:
    found = invocation_of(payload)
    assert (found.status, found.body) == (502, b"")
    assert f"{part} is not valid" in found.error


def test_a_body_in_base64_is_bytes() -> None:
    body = base64.b64encode(b"\x89PNG").decode()
    assert invocation_of({"body": body, "isBase64Encoded": True}).body == b"\x89PNG"


@pytest.mark.parametrize("raw", [b"", b"<html>", b"null", b"[]", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("raised", [False, True])
def test_what_is_no_object_is_an_error(raw: bytes, raised: bool) -> None:
    assert payload_of(raw, raised=raised) == ({}, "The function did not return a JSON object.")


def test_an_error_is_told_in_plain_text() -> None:
    raw = json.dumps({"errorType": None, "errorMessage": "\ud800 \0"}).encode()
    assert payload_of(raw, raised=True) == ({}, "None: ? ?")
    assert text_of("caf\u00e9") == "caf\u00e9"


@given(
    st.dictionaries(
        st.sampled_from(["statusCode", "headers", "body", "isBase64Encoded"]),
        JSON | st.integers(100, 599) | st.dictionaries(st.text(), JSON),
    )
)
def test_whatever_a_function_returns_can_be_stored(payload: dict[str, Any]) -> None:
    found = invocation_of(payload)
    assert 100 <= found.status < 600
    assert str(found.headers).encode()
    assert "\0" not in found.error
