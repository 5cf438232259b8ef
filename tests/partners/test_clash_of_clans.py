"""What a key says about itself, what the partner's errors mean, and the rows of a ranking."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.partners import partner
from webapp.partners.base import RefusedKey
from webapp.partners.clash_of_clans import ClashOfClans

PARTNER = ClashOfClans()


def test_what_to_do_about_a_refused_key_names_the_portal_in_use() -> None:
    adapter = partner("clash_of_clans", lambda url: url.replace("https://", "http://sandbox/"))
    with pytest.raises(RefusedKey, match=r"http://sandbox/developer.clashofclans.com under"):
        adapter.claims("hello")
    with pytest.raises(RefusedKey, match=r"https://developer.clashofclans.com under") as refused:
        partner("clash_of_clans").claims("hello")
    assert "An account has at most 10 keys." in refused.value.remedy
    assert "a key of another kind" in refused.value.remedy


@given(st.text(max_size=300))
def test_every_other_text_is_refused(text: str) -> None:
    with pytest.raises(RefusedKey):
        PARTNER.claims(PARTNER.normalise(text))


@pytest.mark.parametrize(
    ("status", "body", "title"),
    [
        (403, {"reason": "accessDenied", "message": "Missing authorization"}, "found no key"),
        (403, {"reason": "accessDenied", "message": "Invalid authorization"}, "not accept the key"),
        (400, {"reason": "badRequest", "message": "Unknown value"}, "not understand"),
        (404, {"reason": "notFound"}, "found nothing there"),
        (429, {"reason": "requestThrottled"}, "how often"),
        (503, {"reason": "inMaintenance"}, "maintenance"),
        (500, {"reason": "unknownException"}, "internal error"),
        (504, {"code": "partner_timeout", "detail": "No answer within 8 s."}, "in time"),
        (502, {"code": "partner_incomplete", "detail": "It broke off."}, "broke off"),
        (502, {"code": "partner_redirect", "detail": "To a.example."}, "answered with a redirect"),
        (502, {"code": "partner_shows_key", "detail": "It does."}, "contains the key"),
        (502, "<html>Bad gateway</html>", "failed with status"),
        (429, "", "how often"),
        (503, "<title>Scheduled maintenance</title>", "maintenance"),
        (403, {"reason": "accessDenied.somethingNew"}, "not accept the key"),
        (502, {"code": "key_unreadable"}, "could not read its key"),
        (500, {"reason": ["unknownException"]}, "failed with status"),
    ],
)
def test_each_error_has_a_meaning_and_says_what_to_do(status: int, body: Any, title: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    why = PARTNER.explain(status, {}, raw)
    assert title in why.title
    assert why.what_to_do
    assert why.about_key is (title in ("found no key", "not accept the key"))


FRONT = "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"


@pytest.mark.parametrize(
    "status",
    [202, 302, 307, *range(400, 407), 408, 410, 413, 418, 421, 429, 451, 503],
)
@pytest.mark.parametrize(
    "body",
    [
        FRONT,
        "error code: 1020",
        " ",
        "[]",
        '{"code": 403, "message": "Forbidden"}',
        '{"code": "blocked"}',
        '{"code": "accessDenied"}',
        '{"code": "partner_timeout"}',
        '{"reason": "blocked"}',
        '{"reason": "accessDeniedByWaf"}',
        "<title>Blocked</title><p>Perhaps this is due to maintenance.</p>",
    ],
)
def test_a_refusal_by_what_is_in_front_of_the_partner_does_not_blame_the_key(
    status: int, body: str
) -> None:
    if status == 429 and not body.strip():
        return  # a throttled call needs no text
    why = PARTNER.explain(status, {"X-Egress-Ip": "203.0.113.9"}, body.encode())
    assert not why.about_key
    assert (why.code, why.source_address) == ("refused_before_key", None)
    assert "before the key was read" in why.title
    assert "the address 203.0.113.9" in why.what_to_do
    assert "key" not in why.what_to_do


def test_a_page_with_status_200_is_a_refusal_in_front_too() -> None:
    told = {"status": 502, "code": "partner_not_json", "detail": "200 without valid JSON."}
    why = PARTNER.explain(502, {"x-egress-ip": "203.0.113.9"}, json.dumps(told).encode())
    assert why.code == "refused_before_key"
    assert "answered 200" in why.detail
    assert "the address 203.0.113.9" in why.what_to_do


def test_json_that_breaks_off_is_the_partners_own_fault() -> None:
    detail = "The partner answered 200 with application/json, without valid JSON: Expecting value."
    body = {"status": 502, "code": "partner_not_json", "detail": detail}
    why = PARTNER.explain(502, {}, json.dumps(body).encode())
    assert (why.code, why.detail) == ("partner_not_json", detail)
    assert why.title == "The partner's answer is not valid JSON"


def test_a_page_that_speaks_of_maintenance_is_the_partners_own() -> None:
    why = PARTNER.explain(503, {}, b"<html><h1>Under maintenance</h1></html>")
    assert "maintenance" in why.title


def test_a_refused_address_is_named() -> None:
    body = {
        "reason": "accessDenied.invalidIp",
        "message": "Invalid authorization: API key does not allow access from IP 203.0.113.9",
    }
    why = PARTNER.explain(403, {}, json.dumps(body).encode())
    assert why.source_address == "203.0.113.9"
    assert "203.0.113.9" in why.detail
    assert "new key" in why.what_to_do
    assert "every network whose functions use the key" in why.what_to_do
    assert "at most 10 keys" in why.what_to_do


@pytest.mark.parametrize("ip", ["", " from IP 999.1.1.1", " from IP 1.2.3", " from IP ::1"])
def test_a_text_that_is_not_an_address_is_not_named(ip: str) -> None:
    body = {"reason": "accessDenied.invalidIp", "message": f"Invalid authorization:{ip}"}
    why = PARTNER.explain(403, {}, json.dumps(body).encode())
    assert why.source_address is None
    assert "another address" in why.detail


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 60),
        ({"retry-after": "7"}, 7),
        ({"Retry-After": " 7 "}, 7),
        ({"retry-after": "²"}, 60),
        ({"retry-after": "9" * 5000}, 60),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60),
    ],
)
def test_throttling_says_how_long_to_wait(headers: dict[str, str], wait: int) -> None:
    assert PARTNER.explain(429, headers, b"{}").retry_after_s == wait
