"""The partner's data: what is recorded, and what is generated like it."""

import json
from pathlib import Path

import pytest

from tests.sandbox.partner.client import Partner
from webapp.sandbox.partner import rankings
from webapp.sandbox.partner.api import KINDS

RANKINGS = "/v1/locations/32000006/rankings"
HARD_NAMES = "/v1/locations/32000249/rankings/clans?limit=10"
RECORDED = Path(__file__).parents[2] / "data" / "rankings_top10.json"


def test_the_recorded_ranking_comes_back_as_it_was_recorded(partner: Partner) -> None:
    answer = partner.get(f"{RANKINGS}/clans?limit=10")
    assert answer.json()["items"] == json.loads(RECORDED.read_text())["items"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"].startswith("max-age=")


def test_there_are_266_locations_and_regions_have_empty_rankings(partner: Partner) -> None:
    assert len(partner.get("/v1/locations").json()["items"]) == 200
    assert partner.get("/v1/locations/32000265").json()["name"] == ""
    region = partner.get("/v1/locations/32000000/rankings/clans").json()
    assert region == {"items": [], "paging": {"cursors": {}}}


def test_generated_clans_come_below_the_recorded_ones(partner: Partner) -> None:
    clans = partner.items(f"{RANKINGS}/clans")
    points = [clan["clanPoints"] for clan in clans]
    assert points == sorted(points, reverse=True)
    assert [clan["rank"] for clan in clans] == list(range(1, 201))


def test_rankings_are_the_same_every_time(partner: Partner) -> None:
    assert partner.get(HARD_NAMES).content == partner.get(HARD_NAMES).content


def test_some_clans_are_new_and_some_are_in_no_location(partner: Partner) -> None:
    clans = partner.items(HARD_NAMES)
    assert [clan["rank"] for clan in clans if clan["previousRank"] == -1] == [9]
    assert [clan["rank"] for clan in clans if "location" not in clan] == [7]


def test_some_names_are_as_hard_to_display_as_real_ones(partner: Partner) -> None:
    names = [clan["name"] for clan in partner.items(HARD_NAMES)]
    assert "<script>alert(1)</script>" in names
    assert any("&" in name and "🔥" in name for name in names)
    assert any("\u0590" <= letter <= "\u06ff" for name in names for letter in name)
    combining = [letter for name in names for letter in name if "\u0300" <= letter <= "\u036f"]
    assert len(combining) >= 50


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("capitals", "clanCapitalPoints"),
        ("clans-builder-base", "clanBuilderBasePoints"),
        ("players", "trophies"),
        ("players-builder-base", "builderBaseTrophies"),
    ],
)
def test_every_kind_of_ranking_is_ordered_by_its_own_points(
    partner: Partner, kind: str, field: str
) -> None:
    rows = partner.items(f"{RANKINGS}/{kind}?limit=20")
    points = [row[field] for row in rows]
    assert points == sorted(points, reverse=True)
    assert list(rows[0]).index(field) < list(rows[0]).index("rank")


def test_the_field_of_the_real_api_is_the_only_one_of_its_kind(partner: Partner) -> None:
    assert "clanPoints" not in partner.items(f"{RANKINGS}/capitals?limit=1")[0]
    player = partner.items(f"{RANKINGS}/players?limit=1")[0]
    assert list(player) == [
        *("tag", "name", "expLevel", "trophies", "attackWins", "defenseWins"),
        *("rank", "previousRank", "clan", "league"),
    ]
    assert list(player["clan"]) == ["tag", "name", "badgeUrls"]
    assert list(player["league"]) == ["id", "name", "iconUrls"]


def test_the_whole_world_has_rankings_of_its_own(partner: Partner) -> None:
    world = partner.items("/v1/locations/global/rankings/clans?limit=20")
    assert len({clan["location"]["name"] for clan in world if "location" in clan}) > 5
    assert world != partner.items(f"{RANKINGS}/clans?limit=20")


@pytest.mark.parametrize("place", [32000000, 32000005, 32000007, 32000265, "global"])
def test_every_location_has_all_rankings_but_regions_have_no_rows(place: int | str) -> None:
    expected = 0 if place in (32000000, 32000005) else 200
    assert [len(rankings.rows(place, kind)) for kind in KINDS] == [expected] * len(KINDS)
