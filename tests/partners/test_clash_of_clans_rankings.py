"""The rows of a ranking, whatever the partner sends or leaves out."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from webapp.partners.clash_of_clans import ClashOfClans
from webapp.partners.clash_of_clans_rankings import POINTS
from webapp.rendering.templating import render
from webapp.sandbox.partner import rankings

PARTNER = ClashOfClans()
RECORDED = (Path(__file__).parents[1] / "data" / "rankings_top10.json").read_bytes()


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
        (9, 0, "", 0),
        (9, -2, "", 0),
        (9, None, "", 0),
        (9, "-1", "", 0),
    ],
)
def test_movement_is_the_difference_to_the_previous_rank(
    rank: int, previous: object, movement: str, places: int
) -> None:
    body = {"items": [{"rank": rank, "previousRank": previous, "name": "x"}]}
    (row,) = PARTNER.rows(json.dumps(body).encode())
    assert (row.movement, row.places) == (movement, places)


def test_without_a_previous_rank_nothing_is_said_of_a_movement() -> None:
    (row,) = PARTNER.rows(b'{"items": [{"rank": 9}]}')
    assert (row.rank, row.movement) == (9, "")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (" ", ""),
        ("\u00a0\t", ""),
        ("\u200b", ""),
        ("\u200e\u2060\ufeff", ""),
        ("\u3164", ""),
        ("\u2800\u034f", ""),
        ("\ud800", "?"),
        (" a ", " a "),
        ("\u200fA", "\u200fA"),
        ("\U0001f451\ufe0f", "\U0001f451\ufe0f"),
    ],
)
def test_a_name_of_which_nothing_can_be_seen_is_none(name: str, shown: str) -> None:
    item = {"name": name, "tag": name, "location": {"name": name}}
    (row,) = PARTNER.rows(json.dumps({"items": [item]}).encode())
    assert row.name == row.tag == row.location == shown


@pytest.mark.parametrize("rank", [None, 0, -1, "1", 1.5, True])
def test_a_row_without_a_rank_has_none_and_has_not_moved(rank: object) -> None:
    (row,) = PARTNER.rows(json.dumps({"items": [{"rank": rank, "previousRank": 5}]}).encode())
    assert (row.rank, row.movement, row.places) == (None, "", 0)


@pytest.mark.parametrize(
    "urls",
    [
        {"small": "https://h.example/b.png", "large": "https://h.example/c.png"},
        {"medium": "https://h.example/b.png"},
        {"large": "https://h.example/b.png"},
        {"small": None, "medium": "", "large": "https://h.example/b.png"},
        {"small": "http://[", "medium": "https://h.example/b.png"},
    ],
)
def test_a_badge_is_shown_in_whatever_size_there_is(urls: dict[str, Any]) -> None:
    (row,) = PARTNER.rows(json.dumps({"items": [{"badgeUrls": urls}]}).encode())
    assert row.image == "/images/h.example/b.png"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"items": 3}', b'{"items": [3]}', b"<html>"])
def test_a_body_that_is_not_a_ranking_has_no_rows(body: bytes) -> None:
    assert PARTNER.rows(body) == ()


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("clans", "Rank Badge Clan Tag Level Members Points"),
        ("capitals", "Rank Badge Clan Tag Level Members Capital points"),
        ("clans-builder-base", "Rank Badge Clan Tag Level Members Builder base points"),
        (
            "players",
            "Rank League Player Level Attacks won Defences won Clan Trophies",
        ),
        ("players-builder-base", "Rank League Player Level Clan Builder base trophies"),
    ],
)
def test_each_ranking_has_a_table_of_its_own(kind: str, headers: str) -> None:
    items = rankings.rows("global", kind)[:10]
    rows = PARTNER.rows(json.dumps({"items": items}).encode())
    assert {row.ranking for row in rows} == {kind}
    table = render("functions/previews/clash_rankings.html", rows=rows)
    head, body = table.split("<tbody>")
    assert " ".join(re.sub("<[^>]*>", " ", head).split()).endswith(f"ranking {headers}")
    for each in items:
        points = {value for name, value in each.items() if name in POINTS}
        assert all(f'number">{value:,}</td>' in body for value in points)
        assert str(each.get("clan", each)["name"]) in html.unescape(body)
    assert body.count("<img") == (18 if kind == "players" else 8 if "players" in kind else 10)


def test_leagues_attacks_and_clans_of_players_are_read() -> None:
    (row,) = PARTNER.rows(json.dumps({"items": [rankings.rows(32000094, "players")[0]]}).encode())
    assert row.league == "Legend League"
    assert str(row.league_image).startswith("/images/api-assets.clashofclans.com/leagues/72/")
    assert str(row.clan_image).startswith("/images/api-assets.clashofclans.com/badges/70/")
    assert None not in (row.level, row.attacks, row.defences, row.points)


@pytest.mark.parametrize(
    "url", ["http://[", "badge.png", "", 7, "data:image/png;base64,x", "javascript:alert(1)"]
)
def test_a_badge_without_a_host_is_not_shown(url: object) -> None:
    (row,) = PARTNER.rows(json.dumps({"items": [{"badgeUrls": {"small": url}}]}).encode())
    assert row.image is None
