"""Which regions there are, by the list that comes with botocore; AWS is not asked."""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from webapp.aws.partitions import partition
from webapp.aws.partitions import regions as regions_of_botocore

ENABLED_BY_DEFAULT = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""Regions from before March 2019. An account must enable any later one before it can be used."""
ENABLED_ELSEWHERE = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")
"""Beginnings of regions of other partitions, whose accounts have them all."""
CLOSE_ENOUGH, BONUS = 0.7, 0.02
_ABBREVIATIONS = {"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw"}
_OTHER_CLOUDS = {"europe": "eu", "asia": "ap", "northamerica": "us"}
"""How others begin the names of their regions, such as `europe-west1`."""
_ZONE_ID = re.compile(r"(?P<region>[a-z]+\d+)-.+")
_ZONE = re.compile(r"(?P<region>[a-z]+(?:-[a-z]+)+-\d+)(?:[a-z]|-.+)")


@cache
def names() -> dict[str, str]:
    """Each region of every partition, with its place: `eu-central-1` → `Europe (Frankfurt)`."""
    return regions_of_botocore()


def problem(name: str) -> str:
    """Why it is no region, with the likely one; '' if it is one."""
    known = names()
    if name in known:
        return ""
    parts = re.split(r"[\s;|]+", name)
    if len(parts) > 1 and any(part in known for part in parts):
        return f"separate regions with commas: {','.join(parts)}"
    if region := _region_of_zone(name.lower()):
        return f"{name} is a zone of the region {region}: set {region}"
    likely = _likely(name)
    if likely:
        return f"{name} is not an AWS region; did you mean {likely} ({known[likely]})?"
    return f"{name} is not an AWS region that this version of Egret knows"


def partitions_problem(regions: Sequence[str]) -> str:
    """Why these cannot be used together; '' if they can: credentials are of one partition."""
    found = {partition(region): region for region in reversed(regions)}
    if len(found) < 2:
        return ""
    apart = " and ".join(f"{found[name]} ({name})" for name in sorted(found))
    return f"{apart} are in different partitions, which no account has both of: keep those of one"


def needs_enabling(name: str) -> bool:
    """Whether an account has the region only after it was enabled there."""
    return name not in ENABLED_BY_DEFAULT and not name.startswith(ENABLED_ELSEWHERE)


def _region_of_zone(name: str) -> str:
    """The region of a zone by its name, `eu-central-1a`, or id, `euc1-az1`; '' if it is none."""
    by_name, by_id = _ZONE.fullmatch(name), _ZONE_ID.fullmatch(name)
    if by_name and by_name["region"] in names():
        return by_name["region"]
    return next((r for r in names() if by_id and _abbreviation(r) == by_id["region"]), "")


def _abbreviation(region: str) -> str:
    """How the ids of its zones begin: `apne1` for `ap-northeast-1`."""
    first, *middle, number = region.split("-")
    return first + "".join(_ABBREVIATIONS.get(part, part[0]) for part in middle) + number


def _likely(name: str) -> str:
    """The region that is written almost so, or whose place is named; '' if none is.

    Of two that are as close, one that every account has. One for the secret services only if its
    name says so.
    """
    plain = _plain(name)
    known = {r: place for r, place in names().items() if "-iso" not in r or "iso" in plain}
    places = [region for region, place in known.items() if plain in _plain(place)]
    if len(places) == 1:
        return places[0]
    spelt = re.sub(r"(?<=[a-z])(?=\d)", "-", plain)
    for other, ours in _OTHER_CLOUDS.items():
        spelt = re.sub(rf"^{other}-", f"{ours}-", spelt)
    closeness = {region: _closeness(spelt, region) for region in known}
    best = min(known, key=lambda region: (-closeness[region], region))
    return best if closeness[best] >= CLOSE_ENOUGH else ""


def _closeness(name: str, region: str) -> float:
    """From 0 to a little more than 1."""
    ratio = difflib.SequenceMatcher(None, name, region).ratio()
    return ratio + (BONUS if region in ENABLED_BY_DEFAULT else 0)


def _plain(text: str) -> str:
    """Lower case, without accents, with dashes between words."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[\s_]+", "-", ascii_only.strip().lower())
