"""Ranges: a free one is found, and what will not do is refused with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session

from tests.costs import counted
from tests.fast import thorough
from tests.postgresql import on_either_database, sqlite_alone
from tests.services.rows import REGION, a_network, add
from webapp.errors import Invalid
from webapp.models import Site
from webapp.services.networks import cidrs


def test_the_first_free_range_is_chosen() -> None:
    assert cidrs.choose([]) == "10.0.0.0/16"
    assert cidrs.choose(["10.0.0.0/16", "10.1.128.0/20", "172.31.0.0/16"]) == "10.2.0.0/16"


def test_every_private_range_is_tried_and_it_is_an_error_when_all_are_taken() -> None:
    taken = ["10.0.0.0/8"]
    for free, whole in (
        ("172.16.0.0/16", "172.16.0.0/12"),
        ("192.168.0.0/16", "192.168.0.0/16"),
        ("100.64.0.0/16", "100.64.0.0/10"),
    ):
        assert cidrs.choose(taken) == free
        taken.append(whole)
    with pytest.raises(Invalid, match="write a smaller range"):
        cidrs.choose(taken)


@pytest.mark.parametrize(
    "good",
    [
        "10.20.0.0/16",
        " 172.16.4.0/22 ",
        "192.168.0.0/20",
        "10.1.2.0/25",
        "10.1.2.64/26",
        "100.64.0.0/16",
        "100.127.255.192/26",
    ],
)
def test_a_private_range_of_a_fitting_size_is_taken(good: str) -> None:
    assert cidrs.check(good, []) == good.strip()


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("nonsense", "not an IPv4 range"),
        ("10.0.0.0/8", "/16 to /26"),
        ("10.0.0.1/8", "/16 to /26"),
        ("10.1.2.3/8", "Write 10.1.0.0/16."),
        ("10.1.2.100/30", "Write 10.1.2.64/26."),
        ("8.8.0.0/8", "not a private range"),
        ("10.0.0.0/0.0.255.255", "0.0.255.255 is not a netmask"),
        ("10.0.0.0/27", "/16 to /26"),
        ("10.0.0.0", "/16 to /26"),
        ("8.8.0.0/16", "not a private range"),
        ("8.8.0.1/16", "not a private range"),
        ("100.128.0.0/16", "not a private range"),
        ("10.20.30.40/16", "Write 10.20.0.0/16."),
        (" 10.1.2.100/26 ", "Write 10.1.2.64/26."),
        ("10.5.0.0/16", "overlaps 10.5.4.0/24"),
    ],
)
def test_a_range_that_breaks_a_rule_is_refused_at_its_field(bad: str, word: str) -> None:
    with pytest.raises(Invalid) as error:
        cidrs.check(bad, ["10.5.4.0/24"])
    assert word in error.value.errors["cidr"]


@pytest.mark.parametrize(
    ("cidr", "zones"), [("10.0.0.0/16", 3), ("10.0.0.0/25", 3), ("10.0.0.0/26", 2)]
)
def test_a_range_has_room_for_as_many_zones_as_subnets_of_28_fit(cidr: str, zones: int) -> None:
    for count in range(1, zones + 1):
        cidrs.check_room(cidr, count)
    with pytest.raises(Invalid, match=f"room for the subnets of {zones} zones"):
        cidrs.check_room(cidr, zones + 1)


@given(st.lists(st.integers(0, 255), max_size=40))
def test_a_chosen_range_never_overlaps_a_taken_one(taken: list[int]) -> None:
    used = [f"10.{second}.0.0/16" for second in taken]
    if len(set(taken)) < 256:
        assert cidrs.choose(used) not in used


HERE = Site(None, REGION)


@on_either_database
def test_of_the_rows_those_near_the_typed_range_are_taken_or_each_16_without_one(
    session: Session,
) -> None:
    ranges = ("10.0.0.0/16", "10.3.64.0/20", "10.3.0.0/24", "192.168.128.0/20")
    add(session, *(a_network(f"n-{n}", cidr=cidr) for n, cidr in enumerate(ranges)))
    add(session, a_network("elsewhere", region="us-east-1", cidr="10.1.0.0/16"))
    assert cidrs.of_rows(session, HERE) == ["10.0.0.0/16", "10.3.0.0/16", "192.168.0.0/16"]
    assert cidrs.choose(cidrs.of_rows(session, HERE)) == "10.1.0.0/16"
    for typed, near in (
        ("10.3.0.0/16", {"10.3.64.0/20", "10.3.0.0/24"}),
        ("10.3.0.64/26", {"10.3.0.0/24"}),
        ("10.4.0.0/20", set()),
    ):
        taken = cidrs.of_rows(session, HERE, typed=typed)
        assert near <= {*taken} <= {"10.3.64.0/20", "10.3.0.0/24"}
        if not near:
            assert cidrs.check(typed, taken) == typed
            continue
        with pytest.raises(Invalid, match="overlaps"):
            cidrs.check(typed, taken)
    assert cidrs.of_rows(session, Site(None, "eu-west-1")) == []


@thorough("thousands of rows")
@sqlite_alone("it counts what SQLite's own machine does")
def test_a_free_range_is_found_without_reading_every_network(
    session: Session, engine: Engine
) -> None:
    steps = []
    for numbers in (range(10), range(10, 2_000)):
        session.add_all(a_network(f"n-{n}", cidr=f"10.{n % 5}.{n % 256}.0/24") for n in numbers)
        session.commit()
        with counted(engine) as cost, Session(engine) as other:
            cidrs.of_rows(other, HERE)
            cidrs.of_rows(other, HERE, typed="10.200.0.0/16")
        steps.append(cost.steps)
    assert steps[1] < 1.5 * steps[0]
