"""Pages by keyset: no row twice, none left out, whatever comes and goes."""

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlmodel import Session, col, select

from tests.services.rows import a_network, add, ago, an_address
from webapp.errors import Invalid
from webapp.lists import keyset
from webapp.lists.keyset import Order, Place
from webapp.lists.listing import Listing, beginning, beginnings
from webapp.models import Address, Network


class Named(NamedTuple):
    name: str


BY_NAME = Order(col(Network.name))
BY_AGE = Order(col(Address.created_at), col(Address.id), datetime.fromisoformat)


def names(session: Session, place: Place) -> tuple[list[str], str | None, str | None]:
    found = keyset.page(session, select(Network), BY_NAME, place)
    return [row.name for row in found.rows], found.previous, found.next


def test_a_page_knows_the_pages_around_it(session: Session) -> None:
    add(session, *(a_network(name) for name in "edcba"))
    assert names(session, Place(limit=2)) == (["a", "b"], None, "b")
    assert names(session, Place(after="b", limit=2)) == (["c", "d"], "c", "d")
    assert names(session, Place(after="d", limit=2)) == (["e"], "e", None)
    assert names(session, Place(before="e", limit=2)) == (["c", "d"], "c", "d")
    assert names(session, Place(before="c", limit=2)) == (["a", "b"], None, "b")
    assert names(session, Place(after="z", limit=2)) == ([], None, None)


def test_a_row_that_is_gone_is_no_obstacle(session: Session) -> None:
    add(session, a_network("a"), a_network("c"))
    assert names(session, Place(after="b")) == (["c"], "c", None)


def test_rows_of_the_same_moment_are_told_apart_by_their_ids(session: Session) -> None:
    at = ago(60)
    rows = [an_address(ip=f"203.0.113.{n}", id=f"id{n}", created_at=at) for n in range(4)]
    add(session, *rows, an_address(ip="203.0.113.9", created_at=at + timedelta(seconds=1)))
    shown, place = [], Place(limit=2)
    while True:
        page = keyset.page(session, select(Address), BY_AGE, place)
        shown += [row.public_ip for row in page.rows]
        if page.next is None:
            break
        place = Place(after=page.next, limit=2)
    assert shown == [f"203.0.113.{n}" for n in (0, 1, 2, 3, 9)]


def test_what_is_no_key_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="not the key of a page"):
        keyset.page(session, select(Address), BY_AGE, Place(after="yesterday id"))


@pytest.mark.parametrize(("text", "found"), [("a", ["a", "a-b", "ab"]), (" a- ", ["a-b"])])
def test_a_text_begins_with_another_one(session: Session, text: str, found: list[str]) -> None:
    add(session, *(a_network(name) for name in ("a", "a-b", "ab", "b", "ba")))
    listing = Listing(
        lambda: select(Network.name), beginnings("name", col(Network.name)), Named._make
    )
    assert not beginning("name", " ")
    rows = listing.page(session, BY_NAME, beginning("name", text)).rows
    assert [row.name for row in rows] == found
