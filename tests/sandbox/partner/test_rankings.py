"""What the partner's lists hold, and that nothing odd that is asked makes it stumble."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.sandbox.partner.client import ADDRESS, NAT_TOKEN, Partner
from webapp.sandbox.partner.__main__ import create_partner
from webapp.sandbox.partner.keys import TEMPORARY_S, Keys

RANKINGS = "/v1/locations/32000006/rankings"
HARD_NAMES = "/v1/locations/32000249/rankings/clans?limit=10"
BAD_CURSORS = ("nonsense", "eyJwb3MiOi01fQ", "eyJwb3MiOjFlOTk5fQ", "W10", "é")


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[Partner]:
    app = create_partner(tmp_path, NAT_TOKEN)
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        yield Partner(client)


def test_made_up_clans_come_below_the_recorded_ones(partner: Partner) -> None:
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


def test_names_are_as_difficult_as_real_ones(partner: Partner) -> None:
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
        *("rank", "previousRank", "clan"),
    ]
    assert list(player["clan"]) == ["tag", "name", "badgeUrls"]


def test_the_whole_world_has_a_ranking(partner: Partner) -> None:
    assert partner.items("/v1/locations/global/rankings/players?limit=3")


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_that_it_did_not_make_is_refused(partner: Partner, name: str, cursor: str) -> None:
    answer = partner.get(f"{RANKINGS}/clans?{name}={cursor}")
    assert (answer.status_code, answer.json()["reason"]) == (400, "badRequest")


@pytest.mark.parametrize("limit", ["0", "-1", "201", "ten", "²", "٣"])
def test_a_limit_that_is_no_number_from_1_to_200_is_refused(partner: Partner, limit: str) -> None:
    answer = partner.get(f"{RANKINGS}/clans?limit={limit}")
    assert (answer.status_code, answer.json()["reason"]) == (400, "badRequest")


def test_before_leads_back_to_the_page_that_was_left(partner: Partner) -> None:
    first = partner.get(f"{RANKINGS}/clans?limit=5").json()
    second = partner.get(
        f"{RANKINGS}/clans?limit=5&after={first['paging']['cursors']['after']}"
    ).json()
    back = partner.get(
        f"{RANKINGS}/clans?limit=5&before={second['paging']['cursors']['before']}"
    ).json()
    assert back["items"] == first["items"]


@pytest.mark.parametrize("path", ["/v1/clans", "/v1/locations/32000006/rankings", "/v1/"])
def test_an_unknown_path_is_not_found_in_its_words(partner: Partner, path: str) -> None:
    answer = partner.get(path)
    assert (answer.status_code, answer.json()) == (404, {"reason": "notFound"})
    assert answer.headers["content-type"] == "application/json"


def test_an_authorisation_in_another_alphabet_is_just_a_bad_key(partner: Partner) -> None:
    headers = {b"authorization": b"Bearer a.b.\xe9", b"x-sandbox-nat-token": b"\xe9"}
    answer = partner.client.get(f"{RANKINGS}/clans", headers=headers)
    assert answer.json() == {"reason": "accessDenied", "message": "Invalid authorization"}


def test_a_key_of_another_game_is_refused(partner: Partner) -> None:
    other = partner.new_key([ADDRESS], scopes=["brawlstars"])
    answer = partner.get(f"{RANKINGS}/clans", token=other)
    assert answer.json() == {"reason": "accessDenied", "message": "Invalid authorization"}


def test_the_temporary_token_works_for_an_hour(partner: Partner, tmp_path: Path) -> None:
    token = partner.new_key([ADDRESS], temporary=True)
    assert partner.get(f"{RANKINGS}/clans?limit=1", token=token).status_code == 200
    found = Keys(tmp_path).find(token)
    assert found is not None
    assert found.cidrRanges == [f"{ADDRESS}/32"]
    assert found.expires_at is not None
    assert 0 < found.expires_at - time.time() <= TEMPORARY_S


def test_the_time_to_live_counts_down_to_the_next_ranking(partner: Partner) -> None:
    for path, most in (("clans", 60), ("capitals", 600)):
        value = partner.get(f"{RANKINGS}/{path}?limit=1").headers["cache-control"]
        assert 1 <= int(value.removeprefix("max-age=")) <= most


def test_the_echo_says_who_calls_on_every_path_of_its_name(partner: Partner) -> None:
    nat = {"x-sandbox-source-address": ADDRESS, "x-sandbox-nat-token": NAT_TOKEN}
    for path in ("/", "/any"):
        answer = partner.client.get(path, headers=nat | {"host": "echo.sandbox"})
        assert (answer.text, answer.headers["content-type"]) == (
            f"{ADDRESS}\n",
            "text/plain; charset=utf-8",
        )
    assert partner.client.get("/any").status_code == 404
