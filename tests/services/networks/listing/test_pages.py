"""Pages of networks: filtered, searched, one after the other."""

import pytest
from sqlmodel import Session

from tests.services.rows import a_network, add
from webapp.lists.keyset import Place
from webapp.models import Site, Status
from webapp.services.networks import listing
from webapp.services.networks.listing import Wanted


def add_some(session: Session) -> None:
    rows = [a_network(f"pay-{number}") for number in range(4)]
    rows += [a_network("shop", status=Status.PARKED), a_network("z", region="us-east-1")]
    add(session, *rows)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["pay-0", "pay-1", "pay-2", "pay-3", "shop", "z"]),
        (Wanted(q="PAY-"), ["pay-0", "pay-1", "pay-2", "pay-3"]),
        (Wanted(q="ay"), []),
        (Wanted(status=Status.PARKED), ["shop"]),
        (Wanted(region="us-east-1"), ["z"]),
        (Wanted(q="pay", status=Status.PARKED), []),
        (Wanted(site=Site(None, "us-east-1")), ["z"]),
        (Wanted(site=Site("other", "us-east-1")), []),
    ],
)
def test_a_page_has_what_is_wanted_by_name(
    session: Session, wanted: Wanted, names: list[str]
) -> None:
    add_some(session)
    assert [each.network.name for each in listing.page(session, wanted).rows] == names
    assert [d.network.name for d in listing.details_page(session, wanted).rows] == names
    assert listing.count_of(session, wanted).number == len(names)


def test_pages_follow_each_other_in_both_directions(session: Session) -> None:
    add_some(session)
    first = listing.page(session, place=Place(limit=4))
    second = listing.page(session, place=Place(after=first.next or "", limit=4))
    assert [each.network.name for each in second.rows] == ["shop", "z"]
    assert (first.previous, second.next) == (None, None)
    again = listing.page(session, place=Place(before=second.previous or "", limit=4))
    assert again.rows == first.rows


def test_a_form_offers_the_first_ones_and_the_chosen_one(session: Session) -> None:
    add(session, *(a_network(f"net-{number:03}") for number in range(51)))
    add(session, a_network("parked", status=Status.PARKED))
    ready = Wanted(status=Status.READY)
    offer = listing.offered(session, ready, chosen="parked")
    assert [each.network.name for each in offer.rows[-2:]] == ["net-049", "parked"]
    assert offer.more
    assert not listing.offered(session, Wanted(status=Status.PARKED), chosen="").more


def test_the_first_network_that_will_soon_be_ready_is_told(session: Session) -> None:
    assert listing.under_way(session) is None
    for name in ("b", "a"):
        add(session, a_network(name, status=Status.CREATING))
    found = listing.under_way(session)
    assert found and found.name == "a"
