"""Pages of functions: filtered, searched, one after the other."""

import pytest
from sqlmodel import Session

from tests.services.rows import a_function, a_key, a_network, add
from webapp.lists.keyset import Place
from webapp.models import Status
from webapp.services.functions import listing
from webapp.services.functions.listing import Wanted


def add_some(session: Session) -> None:
    key, one, other = a_key(), a_network("one"), a_network("other")
    add(session, key, one, other)
    add(session, *(a_function(one, key, f"pay-{number}") for number in range(3)))
    add(session, a_function(other, key, "shop", status=Status.FAILED))


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["pay-0", "pay-1", "pay-2", "shop"]),
        (Wanted(q=" pay-1"), ["pay-1"]),
        (Wanted(status=Status.FAILED), ["shop"]),
        (Wanted(network="other"), ["shop"]),
        (Wanted(network="none"), []),
        (Wanted(network="one", status=Status.FAILED), []),
    ],
)
def test_a_page_has_what_is_wanted_by_name(
    session: Session, wanted: Wanted, names: list[str]
) -> None:
    add_some(session)
    assert [each.function.name for each in listing.page(session, wanted).rows] == names
    assert [d.function.name for d in listing.details_page(session, wanted).rows] == names
    assert listing.count_of(session, wanted).number == len(names)


def test_pages_follow_each_other(session: Session) -> None:
    add_some(session)
    first = listing.page(session, place=Place(limit=3))
    rest = listing.page(session, place=Place(after=first.next or "", limit=3))
    assert [each.function.name for each in rest.rows] == ["shop"]
