"""What a list shows of an address is what is known of it alone."""

from sqlmodel import Session

from tests.services.accounts.test_details import an_account
from tests.services.rows import a_function, a_key, a_network, add, add_everything, ago, an_address
from webapp.lists.keyset import Place
from webapp.models import AddressStatus, Network, Status
from webapp.services import addresses, networks
from webapp.services.addresses.details import Wanted
from webapp.services.networks.listing.addresses import page


def test_a_list_shows_of_each_address_what_is_known_of_it(session: Session) -> None:
    for number in range(2):
        add_everything(session, number)
    shop, coming = an_account("shop"), a_network("coming")
    add(session, shop, coming, key := a_key("wide", cidrs=("203.0.0.0/16", "203.0.1.1")))
    moved = a_function(a_network("gone"), key, "moved", next_network_id=coming.id)
    moved.network_id = networks.get(session, "network-0").id
    lost = an_address(ip="203.0.9.1", status=AddressStatus.LOST, account_id=shop.id)
    add(session, moved, an_address(coming, "203.0.9.9"), lost)
    broken = networks.get(session, "network-1")
    broken.status = Status.FAILED
    session.commit()
    for listed in page(session).rows:
        alone = addresses.detail(session, listed.id)
        address = alone.address
        assert (listed.where, listed.created_at) == (address.where, address.created_at)
        assert listed.monthly_cost_usd == address.monthly_cost_usd
        assert (listed.network and listed.network.id) == (alone.network and alone.network.id)
        assert [each.name for each in listed.functions] == [f.name for f in alone.functions]
        assert [each.name for each in listed.keys] == [key.name for key in alone.keys]
        its = session.get(Network, address.network_id) if address.network_id else None
        health = networks.detail(session, its.name).health if its else None
        assert listed.is_in_alarm == bool(health and not health.ok)


def test_a_page_has_what_is_wanted_in_its_order(session: Session) -> None:
    for number in range(3):
        row = an_address(ip=f"203.0.113.{number}", name=f"n{number}", created_at=ago(number))
        add(session, row)
    for wanted, names in (
        (Wanted(), ["n2", "n1", "n0"]),
        (Wanted(q="203.0"), ["n0", "n1", "n2"]),
        (Wanted(q="n", status=AddressStatus.FREE, region="eu-central-1"), ["n0", "n1", "n2"]),
        (Wanted(status=AddressStatus.LOST), []),
    ):
        first = page(session, wanted, Place(limit=2))
        rest = page(session, wanted, Place(after=first.next or "", limit=2)).rows if names else []
        assert [each.name for each in (*first.rows, *rest)] == names
