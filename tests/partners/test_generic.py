"""What the statuses of any partner mean, in words that say what to check."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.partners import Explanation, partner
from webapp.partners.base import REFUSED_BEFORE_KEY, RefusedKey
from webapp.partners.generic import MESSAGE_MAX_CHARS

GENERIC = partner("generic")
OURS = {"X-Egress-Ip": "203.0.113.7"}


def explained(status: int, body: Any = None, **headers: str) -> Explanation:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return GENERIC.explain(status, OURS | headers, raw)


def test_a_refusal_names_the_address_that_the_call_came_from() -> None:
    unauthorised = explained(401, {"message": "invalid token"})
    assert unauthorised.about_key
    assert unauthorised.detail == "It answered 401: invalid token"
    forbidden = explained(403, {"error": {"message": "forbidden"}})
    assert not forbidden.about_key
    for found in (unauthorised, forbidden):
        assert "203.0.113.7" in found.what_to_do
    assert "{" not in explained(403).what_to_do


def test_an_address_that_the_partner_names_is_said() -> None:
    found = explained(403, {"error": "IP 198.51.100.9 is not on the whitelist"})
    assert (found.code, found.source_address) == ("address_refused", "198.51.100.9")
    assert found.title == "The partner does not allow this address"
    unnamed = explained(401, {"detail": "source address not allowed"})
    assert (unnamed.code, unnamed.source_address, unnamed.about_key) == (
        "address_refused",
        None,
        False,
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (204, "cannot be shown"),
        (301, "answered with a redirect"),
        (400, "does not understand"),
        (404, "found nothing at this URL"),
        (405, "method"),
        (418, "refuses the call"),
        (422, "refuses what was sent"),
        (500, "internal error"),
        (503, "not available"),
    ],
)
def test_each_status_is_explained_in_plain_words(status: int, words: str) -> None:
    found = explained(status, {})
    assert words in found.title
    assert found.detail == f"It answered {status}."
    assert found.what_to_do.endswith(".")


def test_a_limit_says_how_long_to_wait() -> None:
    assert explained(429).retry_after_s == 60
    found = explained(429, **{"Retry-After": "7"})
    assert found.retry_after_s == 7
    assert "Wait 7 seconds" in found.what_to_do


def test_a_page_comes_from_what_is_in_front() -> None:
    for status in (403, 429, 503):
        found = explained(status, b"  <!DOCTYPE html><h1>Attention required</h1>")
        assert found.code == REFUSED_BEFORE_KEY
        assert "203.0.113.7" in found.what_to_do


def test_a_partners_own_server_may_answer_with_a_page() -> None:
    page = b"<html><head><title>401 Authorization Required</title>"
    assert explained(401, page).about_key
    assert explained(404, page).title == "The partner found nothing at this URL"


@pytest.mark.parametrize(
    "code",
    [
        "partner_timeout",
        "partner_redirect",
        "partner_too_large",
        "partner_not_json",
        "partner_unreachable",
    ],
)
def test_a_problem_of_the_handler_is_explained_as_what_it_is(code: str) -> None:
    status = 504 if code == "partner_timeout" else 502
    found = explained(status, {"code": code, "detail": "No answer within 8 s."})
    assert (found.code, found.detail) == (code, "No answer within 8 s.")


def test_parameters_that_egret_cannot_give_are_explained() -> None:
    problem = {"code": "bad_parameter", "detail": "The parameter account is required."}
    found = explained(422, problem)
    assert "required" in found.detail
    assert "default" in found.what_to_do


def test_the_words_of_a_partner_are_bounded() -> None:
    assert len(explained(500, {"message": "x" * 10_000}).detail) < MESSAGE_MAX_CHARS + 50
    assert explained(500, {"message": "\u200b"}).detail == "It answered 500."


@given(st.integers(100, 599), st.binary(max_size=80))
def test_any_answer_is_explained(status: int, body: bytes) -> None:
    found = GENERIC.explain(status, {}, body)
    assert found.title
    assert found.what_to_do


def test_an_opaque_key_says_nothing_and_a_bad_one_is_refused_with_advice() -> None:
    claims = GENERIC.claims(GENERIC.normalise("Bearer abcdefgh12345"))
    assert (claims.cidrs, claims.scopes) == ((), ())
    with pytest.raises(RefusedKey, match="Paste the key alone"):
        GENERIC.claims("a b")


def test_its_rows_are_those_of_the_setting() -> None:
    body = b'{"a": [{"x": 1}], "b": [{"y": 2}]}'
    assert list(GENERIC.rows(body, {"rows": "b"})) == [{"y": "2"}]
    assert list(GENERIC.rows(body)) == [{"x": "1"}]
