"""Which regions there are, by the list that comes with botocore; AWS is not asked."""

import difflib
import re
from functools import cache

import botocore.session

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
_ZONE = re.compile(r"(?P<region>[a-z]+(?:-[a-z]+)+-\d+)(?:[a-z]|-.+)")


@cache
def names() -> dict[str, str]:
    """Each region of every partition, with its place: `eu-central-1` → `Europe (Frankfurt)`."""
    partitions = botocore.session.get_session().get_data("endpoints")["partitions"]
    return {
        region: str(about.get("description", ""))
        for partition in partitions
        for region, about in partition["regions"].items()
    }


def problem(name: str) -> str:
    """Why it is no region, with the likely one; '' if it is one."""
    known = names()
    if name in known:
        return ""
    zone = _ZONE.fullmatch(name.lower())
    if zone and zone["region"] in known:
        return f"{name} is a zone of the region {zone['region']}: set {zone['region']}"
    likely = _likely(name)
    if likely:
        return f"{name} is not an AWS region; did you mean {likely} ({known[likely]})?"
    return f"{name} is not an AWS region that this version of Egret knows"


def needs_enabling(name: str) -> bool:
    """Whether an account has the region only after it was enabled there."""
    return name not in ENABLED_BY_DEFAULT and not name.startswith(ENABLED_ELSEWHERE)


def _likely(name: str) -> str:
    """The region that is written almost so, or whose place is named; '' if none is."""
    known, plain = names(), re.sub(r"[\s_]+", "-", name.strip().lower())
    close = difflib.get_close_matches(plain, known, n=1, cutoff=0.7)
    if close:
        return close[0]
    places = [region for region, place in known.items() if name.lower() in place.lower()]
    return places[0] if len(places) == 1 else ""
