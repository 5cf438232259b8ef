"""The partner's data: its 266 locations, one recorded ranking, and generated ones elsewhere.

The world, `global`, has rankings of its own, of clans and players from all countries.
"""

import hashlib
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
RECORDED_LOCATION = 32000006
REGIONS = range(32000000, 32000006)
DIFFICULT_NAMES_LOCATION = 32000249
"""The location whose clans have names that are hard to display."""
CLANS = 200
GLOBAL = "global"
PICTURES = "https://api-assets.clashofclans.com"
BADGE_SIZES = {"small": 70, "large": 512, "medium": 200}
LEAGUE_SIZES = {"small": 72, "tiny": 36, "medium": 288}
LEAGUE = {"id": 29000022, "name": "Legend League"}
BUILDER_BASE_LEAGUE = {"id": 44000041, "name": "Diamond League"}
TAG_LETTERS = "0289PYLQGRJCUV"
WORDS = ("Iron", "Storm", "Royal", "Silent", "Ember", "Frost", "Golden", "Shadow", "Wild", "Last")
BANDS = ("Wolves", "Legion", "Guard", "Raiders", "Empire", "Knights", "Order", "Clan", "Kings")
DIFFICULT_NAMES = (
    "صقور العرب",
    "אריות הצפון",
    "🔥Drägons🔥 & Co",
    "<script>alert(1)</script>",
    "Z̴" + "".join(chr(0x300 + offset) for offset in range(50)) + "algo",
    "王者荣耀",
    "a\u200bb\u200dc",
    "Tom & Jerry <3",
)


@cache
def locations() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / "locations.json").read_text())
    return found


def location(location_id: str) -> dict[str, Any] | None:
    return next((found for found in locations() if str(found["id"]) == location_id), None)


@cache
def rows(location_id: int | str, kind: str) -> list[dict[str, Any]]:
    """The whole ranking of a location or of the world; the same at every call."""
    if location_id in REGIONS:
        return []
    if kind != "clans":
        return [_other(location_id, kind, rank) for rank in range(1, CLANS + 1)]
    generated = [_clan(location_id, rank) for rank in range(1, CLANS + 1)]
    if location_id == RECORDED_LOCATION:
        recorded = json.loads((DATA / "rankings_top10.json").read_text())["items"]
        return [*recorded, *generated[len(recorded) :]]
    return generated


def _clan(location_id: int | str, rank: int) -> dict[str, Any]:
    chance = _chance(location_id, "clans", rank)
    clan: dict[str, Any] = {"tag": _tag(chance), "name": _name(chance, location_id, rank)}
    if rank % 7:
        clan["location"] = location(str(location_id)) or chance.choice(_countries())
    return clan | {
        "badgeUrls": _pictures("badges", f"{location_id}/{rank}"),
        "clanLevel": chance.randint(8, 34),
        "members": chance.randint(38, 50),
        "clanPoints": _top_points(location_id) - rank * 61 - chance.randint(0, 40),
        "rank": rank,
        "previousRank": -1 if rank % 9 == 0 else max(1, rank + chance.choice((-3, -1, 0, 0, 1, 4))),
    }


def _countries() -> list[dict[str, Any]]:
    return [found for found in locations() if found["isCountry"] and found["name"]]


def _top_points(location_id: int | str) -> int:
    """Below the recorded clans where there are some."""
    return 51_700 if location_id == RECORDED_LOCATION else 58_000


def _other(location_id: int | str, kind: str, rank: int) -> dict[str, Any]:
    """A row of the players, capitals and builder bases, with the documented fields."""
    if kind.startswith("players"):
        return _player(location_id, kind, rank)
    points = "clanCapitalPoints" if kind == "capitals" else "clanBuilderBasePoints"
    clan = _clan(location_id, rank)
    del clan["clanPoints"]
    places = {name: clan.pop(name) for name in ("rank", "previousRank")}
    return clan | {points: 5_000 - rank * 7} | places


def _player(location_id: int | str, kind: str, rank: int) -> dict[str, Any]:
    """Every fifth player is in no clan."""
    chance = _chance(location_id, kind, rank)
    player: dict[str, Any] = {
        "tag": _tag(chance),
        "name": _name(chance, location_id, rank),
        "expLevel": chance.randint(180, 260),
    }
    if kind == "players":
        won = {"attackWins": chance.randint(20, 200), "defenseWins": chance.randint(0, 9)}
        player |= {"trophies": 6_200 - rank * 3} | won
    else:
        player |= {"builderBaseTrophies": 6_200 - rank * 3}
    player |= {"rank": rank, "previousRank": -1 if rank % 9 == 0 else max(1, rank - 1)}
    if rank % 5:
        player["clan"] = _clan_of_player(location_id, rank)
    if kind == "players":
        return player | {"league": LEAGUE | {"iconUrls": _pictures("leagues", "legend")}}
    return player | {"builderBaseLeague": BUILDER_BASE_LEAGUE}


def _clan_of_player(location_id: int | str, rank: int) -> dict[str, Any]:
    clan = _clan(location_id, rank)
    return {name: clan[name] for name in ("tag", "name", "badgeUrls")}


def _pictures(folder: str, seed: str) -> dict[str, str]:
    name = hashlib.sha256(seed.encode()).hexdigest()[:40]
    sizes = BADGE_SIZES if folder == "badges" else LEAGUE_SIZES
    return {size: f"{PICTURES}/{folder}/{pixels}/{name}.png" for size, pixels in sizes.items()}


def _name(chance: random.Random, location_id: int | str, rank: int) -> str:
    if location_id == DIFFICULT_NAMES_LOCATION and rank <= len(DIFFICULT_NAMES):
        return DIFFICULT_NAMES[rank - 1]
    return f"{chance.choice(WORDS)} {chance.choice(BANDS)} {rank}"


def _tag(chance: random.Random) -> str:
    return "#" + "".join(chance.choices(TAG_LETTERS, k=8))


def _chance(*seed: object) -> random.Random:
    return random.Random(repr(seed))  # noqa: S311 - generated clans, not secrets
