"""Pages of keys: what a list shows of each, and which networks it matches."""

import pytest
from sqlmodel import Session

from tests.services.accounts.test_details import an_account
from tests.services.rows import a_key, a_network, add, an_address
from webapp.lists.keyset import Place
from webapp.models import AddressStatus, KeyVersion, Nat, Status
from webapp.models.key import PENDING
from webapp.services import keys
from webapp.services.keys.listing import NETWORKS_MAX, Wanted


def matching(session: Session) -> dict[str, list[str]]:
    return {each.name: each.matching for each in keys.page(session).rows}


def test_a_key_matches_the_networks_of_which_it_allows_every_address(session: Session) -> None:
    shop = an_account("shop")
    add(session, shop)
    both = a_network("both", availability_zones=2, nat=Nat.PER_AZ)
    half = a_network("half", availability_zones=2, nat=Nat.PER_AZ)
    lost, going = a_network("lost"), a_network("going", status=Status.DELETING)
    theirs = a_network("theirs", account_id=shop.id)
    add(session, both, half, lost, going, theirs)
    owned = [(both, 1), (both, 2), (half, 3), (half, 40), (lost, 4), (going, 5), (theirs, 6)]
    for position, (network, last) in enumerate(owned):
        add(session, an_address(network, f"203.0.113.{last}", position=position))
    gone = an_address(lost, "198.51.100.1", status=AddressStatus.LOST, position=9)
    add(session, gone, an_address(ip="203.0.113.7"))
    add(session, a_key("exact", cidrs=("203.0.113.1", "203.0.113.2/32")))
    add(session, a_key("range", cidrs=("203.0.113.0/27",)), a_key("none", cidrs=()))
    found = matching(session)
    assert found == {"exact": ["both"], "none": [], "range": ["both", "lost"]}
    for each in keys.page(session).rows:
        detail = keys.detail(session, each.name)
        assert each.matching == [m.network.name for m in detail.matches.rows if m.ok]


def test_a_network_that_has_lost_its_addresses_is_not_matched(session: Session) -> None:
    network = a_network()
    lost = an_address(network, "203.0.113.1", status=AddressStatus.LOST)
    add(session, network, lost, a_key(cidrs=("203.0.113.0/24",)))
    assert matching(session) == {"key": []}


def test_what_a_pending_version_does_not_allow_is_not_matched(session: Session) -> None:
    network, key = a_network(), a_key(cidrs=("203.0.113.1",))
    version = KeyVersion(id="v", key_id=key.id, stage=PENDING, fingerprint="1" * 16)
    version.claims = {"cidrs": ["203.0.113.2"]}
    add(session, network, an_address(network, "203.0.113.1"), key, version)
    assert matching(session) == {"key": []}


def test_of_many_networks_that_match_some_are_named(session: Session) -> None:
    for number in range(NETWORKS_MAX + 3):
        network = a_network(f"net-{number:02}")
        add(session, network, an_address(network, f"203.0.113.{number}"))
    add(session, a_key(cidrs=("0.0.0.0/0",)))
    (found,) = matching(session).values()
    assert found == [f"net-{number:02}" for number in range(NETWORKS_MAX)]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["a-key", "b-key"]),
        (Wanted(q="b-"), ["b-key"]),
        (Wanted(status=Status.DELETING), ["b-key"]),
        (Wanted(account=(None,)), ["a-key", "b-key"]),
        (Wanted(account=("other",)), []),
    ],
)
def test_a_page_has_what_is_wanted_by_name(
    session: Session, wanted: Wanted, names: list[str]
) -> None:
    add(session, a_key("b-key", status=Status.DELETING), a_key("a-key"))
    page = keys.page(session, wanted)
    assert [each.name for each in page.rows] == names
    assert [each.key.name for each in keys.details_page(session, wanted).rows] == names
    assert keys.count_of(session, wanted).number == len(names)


def test_pages_follow_each_other(session: Session) -> None:
    add(session, *(a_key(f"key-{number}") for number in range(3)))
    first = keys.page(session, place=Place(limit=2))
    rest = keys.page(session, place=Place(after=first.next or "", limit=2))
    assert [each.name for each in rest.rows] == ["key-2"]
    assert [each.same_secret for each in rest.rows] == [["key-0", "key-1"]]
