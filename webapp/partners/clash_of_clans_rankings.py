"""The rows of a clan ranking, from what the Clash of Clans API sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webapp.partners.untrusted_json import (
    as_list,
    as_number,
    as_object,
    as_text,
    as_words,
    parse_object,
)

FIRST_RANK = 1
NOT_RANKED_BEFORE = -1
BADGE_SIZES = ("small", "medium", "large")


@dataclass(frozen=True)
class RankingRow:
    """`movement` is up, down, same or new, by so many `places`; '' if a rank is not known.

    `image` is a path on our origin. What the partner did not send is None or ''.
    """

    rank: int | None
    movement: str
    places: int
    image: str | None
    name: str
    tag: str
    level: int | None
    members: int | None
    points: int | None
    location: str


def rows_of(body: bytes) -> Sequence[RankingRow]:
    """None if the body is something else."""
    items = as_list(parse_object(body).get("items"))
    return tuple(_row(item) for item in items if isinstance(item, dict))


def _row(item: dict[str, Any]) -> RankingRow:
    rank = _rank(item.get("rank"))
    movement, places = _movement(rank, as_number(item.get("previousRank")))
    return RankingRow(
        rank=rank,
        movement=movement,
        places=places,
        image=_image_path(as_object(item.get("badgeUrls"))),
        name=as_words(item.get("name")),
        tag=as_words(item.get("tag")),
        level=as_number(item.get("clanLevel")),
        members=as_number(item.get("members")),
        points=as_number(item.get("clanPoints")),
        location=as_words(as_object(item.get("location")).get("name")),
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


def _image_path(urls: dict[str, Any]) -> str | None:
    """The path on our own origin that serves the badge, in the smallest size that there is."""
    return next(filter(None, (_path_of(as_text(urls.get(size))) for size in BADGE_SIZES)), None)


def _path_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return f"/images/{parts.hostname}{parts.path}" if parts.hostname else None
