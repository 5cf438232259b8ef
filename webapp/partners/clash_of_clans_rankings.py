"""The rows of a ranking, from what the Clash of Clans API sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webapp.partners.untrusted_json import (
    ROWS_MAX,
    as_cell,
    as_list,
    as_number,
    as_object,
    as_text,
    parse_object,
)

FIRST_RANK = 1
NOT_RANKED_BEFORE = -1
PATH_MAX_CHARS = 500
PICTURE_SIZES = ("small", "medium", "large", "tiny")
POINTS = {
    "clanPoints": "clans",
    "trophies": "players",
    "clanCapitalPoints": "capitals",
    "clanBuilderBasePoints": "clans-builder-base",
    "builderBaseTrophies": "players-builder-base",
}
"""What each ranking is ordered by. A row has the one of its own ranking only."""


@dataclass(frozen=True)
class RankingRow:
    """A clan or a player. What the partner did not send is None or ''.

    `ranking` is a value of POINTS. `movement` is up, down, same or new, by so many `places`; '' if
    a rank is not known. Images are paths on our origin.
    """

    ranking: str
    rank: int | None
    movement: str
    places: int
    image: str | None
    name: str
    tag: str
    level: int | None
    points: int | None
    location: str
    members: int | None
    attacks: int | None
    defences: int | None
    league: str
    league_image: str | None
    clan: str
    clan_image: str | None


def rows_of(body: bytes) -> Sequence[RankingRow]:
    """The rows, at most ROWS_MAX; none if the body is something else."""
    items = as_list(parse_object(body).get("items"))
    return tuple(_row(item) for item in items[:ROWS_MAX] if isinstance(item, dict))


def _row(item: dict[str, Any]) -> RankingRow:
    rank = _rank(item.get("rank"))
    movement, places = _movement(rank, as_number(item.get("previousRank")))
    points = next((name for name in POINTS if name in item), "")
    league = as_object(item.get("league")) or as_object(item.get("builderBaseLeague"))
    clan = as_object(item.get("clan"))
    return RankingRow(
        ranking=POINTS.get(points, ""),
        rank=rank,
        movement=movement,
        places=places,
        image=_image_path(item.get("badgeUrls")),
        name=as_cell(item.get("name")),
        tag=as_cell(item.get("tag")),
        level=as_number(item.get("clanLevel", item.get("expLevel"))),
        points=as_number(item.get(points)),
        location=as_cell(as_object(item.get("location")).get("name")),
        members=as_number(item.get("members")),
        attacks=as_number(item.get("attackWins")),
        defences=as_number(item.get("defenseWins")),
        league=as_cell(league.get("name")),
        league_image=_image_path(league.get("iconUrls")),
        clan=as_cell(clan.get("name")),
        clan_image=_image_path(clan.get("badgeUrls")),
    )


def _rank(value: object) -> int | None:
    number = as_number(value)
    return number if number is not None and number >= FIRST_RANK else None


def _movement(rank: int | None, previous: int | None) -> tuple[str, int]:
    if rank is not None and previous == NOT_RANKED_BEFORE:
        return "new", 0
    if rank is None or previous is None or previous < FIRST_RANK:
        return "", 0
    if previous == rank:
        return "same", 0
    return ("up" if previous > rank else "down"), abs(previous - rank)


def _image_path(urls: object) -> str | None:
    """The path on our own origin that serves the badge, in the best size for a row."""
    sizes = as_object(urls)
    return next(filter(None, (_path_of(as_text(sizes.get(size))) for size in PICTURE_SIZES)), None)


def _path_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = f"/images/{parts.hostname}{parts.path}" if parts.hostname else ""
    return path if 0 < len(path) <= PATH_MAX_CHARS else None
