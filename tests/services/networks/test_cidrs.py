"""Ranges: a free one is found, and what will not do is refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.errors import Invalid
from webapp.services.networks import cidrs


def test_the_first_free_range_is_chosen() -> None:
    assert cidrs.choose([]) == "10.0.0.0/16"
    assert cidrs.choose(["10.0.0.0/16", "10.1.128.0/20", "172.31.0.0/16"]) == "10.2.0.0/16"


def test_it_is_an_error_when_every_range_is_taken() -> None:
    with pytest.raises(Invalid):
        cidrs.choose(["10.0.0.0/8"])


@pytest.mark.parametrize("good", ["10.20.0.0/16", " 172.16.4.0/22 ", "192.168.0.0/20"])
def test_a_private_range_of_a_fitting_size_is_taken(good: str) -> None:
    assert cidrs.check(good, []) == good.strip()


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("nonsense", "not an IPv4 range"),
        ("10.0.0.1/16", "not an IPv4 range"),
        ("10.0.0.0/8", "/16 to /22"),
        ("10.0.0.0/28", "/16 to /22"),
        ("8.8.0.0/16", "not a private range"),
        ("10.5.0.0/16", "overlaps 10.5.4.0/24"),
    ],
)
def test_a_range_that_breaks_a_rule_is_refused_at_its_field(bad: str, word: str) -> None:
    with pytest.raises(Invalid) as error:
        cidrs.check(bad, ["10.5.4.0/24"])
    assert word in error.value.errors["cidr"]


@given(st.lists(st.integers(0, 255), max_size=40))
def test_a_chosen_range_never_overlaps_a_taken_one(taken: list[int]) -> None:
    used = [f"10.{second}.0.0/16" for second in taken]
    if len(set(taken)) < 256:
        assert cidrs.choose(used) not in used
