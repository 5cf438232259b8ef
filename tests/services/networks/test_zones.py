"""Zones: the first usable ones, or those that were chosen; never one without NAT gateways."""

import pytest

from webapp.aws.vpcs import AvailabilityZone
from webapp.errors import Invalid
from webapp.services.networks import zones

REGION = "us-east-1"
OFFERED = [
    AvailabilityZone(f"{REGION}{letter}", f"use1-az{number}")
    for letter, number in (("a", 1), ("b", 3), ("c", 2))
]


def test_the_first_usable_zones_follow_those_that_the_network_has() -> None:
    assert zones.choose(REGION, OFFERED, 2) == [f"{REGION}a", f"{REGION}c"]
    assert zones.choose(REGION, OFFERED, 2, have=[f"{REGION}c"]) == [f"{REGION}c", f"{REGION}a"]


def test_chosen_zones_keep_their_order() -> None:
    chosen = [f"{REGION}c", f"{REGION}a"]
    assert zones.choose(REGION, OFFERED, 2, chosen=chosen) == chosen


@pytest.mark.parametrize("have", [(), (f"{REGION}a",)])
def test_more_zones_than_there_are_is_refused_at_the_field(have: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="us-east-1 has fewer than 3 zones") as refused:
        zones.choose(REGION, OFFERED, 3, have=have)
    text = refused.value.errors["availability_zones"]
    assert "2 zones with NAT gateways and Lambda: us-east-1a, us-east-1c" in text
    assert "Not usable: us-east-1b (use1-az3)" in text


@pytest.mark.parametrize(
    ("name", "word"),
    [
        (f"{REGION}b", "has no NAT gateways"),
        (f"{REGION}x", "There is no zone"),
        ("use1-az2", "name the zone us-east-1c"),
        (f"{REGION}a", "in us-east-1a already"),
    ],
)
def test_a_zone_that_cannot_be_chosen_is_refused_with_those_that_can(name: str, word: str) -> None:
    with pytest.raises(Invalid, match=word) as refused:
        zones.choose(REGION, OFFERED, 2, chosen=[name], have=[f"{REGION}a"])
    assert "Choose of: us-east-1c" in refused.value.errors["zones"]


@pytest.mark.parametrize(("chosen", "count"), [(["a", "a"], 2), (["a"], 2), (["a", "b"], 1)])
def test_zones_are_named_once_and_as_many_as_are_wanted(chosen: list[str], count: int) -> None:
    with pytest.raises(Invalid) as refused:
        zones.check_choice(chosen, count)
    assert list(refused.value.errors) == ["zones"]


def test_one_zone_is_told_as_one() -> None:
    assert zones.told(REGION, OFFERED[:1]) == (
        "us-east-1 has 1 zone with NAT gateways and Lambda: us-east-1a."
    )
