"""What a key says about itself, what the partner's errors mean, and the rows of a ranking."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.partners.json_of_others import JSON
from webapp.partners import partner
from webapp.partners.base import RefusedKey
from webapp.partners.clash_of_clans import ClashOfClans

PARTNER = ClashOfClans()
FIELDS = [
    "rank",
    "previousRank",
    "badgeUrls",
    "name",
    "tag",
    "clanLevel",
    "members",
    "clanPoints",
    "location",
    "items",
]
RECORDED = (Path(__file__).parents[1] / "data" / "rankings_top10.json").read_bytes()


def test_what_to_do_about_a_refused_key_names_the_portal_in_use() -> None:
    adapter = partner("clash_of_clans", lambda url: url.replace("https://", "http://sandbox/"))
    with pytest.raises(RefusedKey, match=r"http://sandbox/developer.clashofclans.com under"):
        adapter.claims("hello")
    with pytest.raises(RefusedKey, match=r"https://developer.clashofclans.com under"):
        partner("clash_of_clans").claims("hello")


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
        (502, "<html>Bad gateway</html>", "failed with status"),
        (429, "", "how often"),
        (503, "<html>Maintenance</html>", "maintenance"),
        (401, "", "not accept the key"),
        (403, {"reason": "somethingNew"}, "not accept the key"),
        (500, {"reason": ["unknownException"]}, "failed with status"),
        (418, {}, "418"),
    ],
)
def test_each_error_has_a_meaning_and_says_what_to_do(status: int, body: Any, title: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    why = PARTNER.explain(status, {}, raw)
    assert title in why.title
    assert why.what_to_do


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


def test_the_recorded_ranking_becomes_rows() -> None:
    rows = PARTNER.rows(RECORDED)
    assert [row.rank for row in rows] == list(range(1, 11))
    assert rows[0].name == "Kings Rock"
    assert rows[0].image is not None
    assert rows[0].image.startswith("/images/api-assets.clashofclans.com/badges/70/")


@pytest.mark.parametrize(
    ("rank", "previous", "movement", "places"),
    [
        (3, 5, "up", 2),
        (5, 3, "down", 2),
        (4, 4, "same", 0),
        (9, -1, "new", 0),
        (9, 0, "new", 0),
        (9, None, "new", 0),
    ],
)
def test_movement_is_the_difference_to_the_previous_rank(
    rank: int, previous: int | None, movement: str, places: int
) -> None:
    body = {"items": [{"rank": rank, "previousRank": previous, "name": "x"}]}
    (row,) = PARTNER.rows(json.dumps(body).encode())
    assert (row.movement, row.places) == (movement, places)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"items": 3}', b'{"items": [3]}', b"<html>"])
def test_a_body_that_is_not_a_ranking_has_no_rows(body: bytes) -> None:
    assert PARTNER.rows(body) == ()


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON), max_size=3))
def test_whatever_a_row_holds_it_can_be_shown(items: list[dict[str, Any]]) -> None:
    rows = PARTNER.rows(json.dumps({"items": items}).encode())
    assert len(rows) == len(items)
    for row in rows:
        shown = f"{row.rank} {row.places} {row.image} {row.name} {row.tag} {row.location}"
        shown += "".join(f"{number or 0:,}" for number in (row.level, row.members, row.points))
        assert shown.encode()


@pytest.mark.parametrize(
    "url", ["http://[", "badge.png", "", 7, "data:image/png;base64,x", "javascript:alert(1)"]
)
def test_a_badge_without_a_host_is_not_shown(url: object) -> None:
    (row,) = PARTNER.rows(json.dumps({"items": [{"badgeUrls": {"small": url}}]}).encode())
    assert row.image is None
