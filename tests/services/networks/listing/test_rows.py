"""What a list shows of a network is what its own page shows."""

from sqlmodel import Session

from tests.services.accounts.test_details import an_account
from tests.services.rows import a_network, a_proof, add, add_everything, ago, an_address
from webapp.models import AddressStatus, Nat, Status
from webapp.services import networks
from webapp.services.networks import listing


def test_a_list_shows_of_each_network_what_its_own_page_shows(session: Session) -> None:
    add_everything(session, 0)
    lost = a_network("lost", availability_zones=2, nat=Nat.PER_AZ)
    broken = a_network("broken", status=Status.UPDATING)
    add(session, lost, broken, an_address(lost, status=AddressStatus.LOST))
    add(session, a_proof(broken, at=ago(9)), a_proof(broken, seen_ip=None))
    for listed in listing.page(session).rows:
        alone = networks.detail(session, listed.network.name)
        assert listed.health == alone.health
        assert listed.network.monthly_cost_usd == alone.network.monthly_cost_usd
        assert listed.network.where == alone.network.where
        assert [each.own_ip for each in listed.addresses] == [a.own_ip for a in alone.addresses]


def test_a_network_of_another_account_says_whose_it_is(session: Session) -> None:
    shop = an_account("shop")
    add(session, shop)
    network = a_network("theirs", account_id=shop.id)
    add(session, network)
    (listed,) = listing.page(session).rows
    assert listed.network.where == "eu-central-1 (shop)"
