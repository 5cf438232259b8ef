"""The overview's figures: exact while there are few rows, otherwise a minute old at most."""

from sqlmodel import Session

from tests.services.many import add_many
from tests.services.rows import REGION, a_key, a_network, add, add_everything, an_address
from webapp.models import Nat, Status
from webapp.services.networks import listing
from webapp.services.overview import overview
from webapp.services.overview.facts import EXACT_MAX, facts
from webapp.services.overview.totals import add_up, totals


def test_the_cost_is_that_of_networks_free_addresses_and_keys(session: Session) -> None:
    assert overview(session).monthly_cost_usd == 0
    add(session, an_address(ip="203.0.113.1"))
    assert overview(session).monthly_cost_usd == 3.65
    network = a_network()
    add(session, network, an_address(network))
    assert overview(session).monthly_cost_usd == 3.65 + 36.5 + 1
    add(session, a_key())
    assert overview(session).monthly_cost_usd == 3.65 + 36.5 + 1.4


def test_a_network_costs_in_sum_what_it_costs_by_itself(session: Session) -> None:
    undeleted = {"UndeletedNatGatewayIds": "nat-1"}
    going = {"NatGatewayIds": "nat-1,nat-2"}
    change = {"availability_zones": 2, "nat": "per_az", "zones": [], "preview": []}
    networks = [
        a_network("one"),
        a_network("same"),
        a_network("parked", status=Status.PARKED),
        a_network("failed", status=Status.FAILED),
        a_network("was-there", status=Status.FAILED, outputs={"VpcId": "vpc"}),
        a_network("left", outputs=undeleted),
        a_network("going", status=Status.DELETING, unwanted=True, outputs=going),
        a_network("changing", change=change),
        a_network("both", availability_zones=2, nat=Nat.PER_AZ, region="us-east-1"),
    ]
    add(session, *networks)
    figures = add_up(session)
    alone = sum(each.network.monthly_cost_usd for each in listing.page(session).rows)
    assert figures.monthly_cost_usd == round(alone + 1, 2), "and the KMS key"
    assert (figures.networks, figures.regions) == (len(networks), 2)


def test_what_there_is_is_counted(session: Session) -> None:
    for number in range(2):
        add_everything(session, number)
    add(session, an_address(), a_network("idle", region=REGION, status=Status.PARKED), a_key())
    figures = totals(session, facts(session))
    assert (figures.networks, figures.ready_networks) == (3, 2)
    assert (figures.functions, figures.ready_functions) == (2, 2)
    assert (figures.addresses_in_use, figures.free_addresses) == (4, 1)
    assert not figures.about


def test_the_figures_of_many_are_kept_for_a_while(session: Session) -> None:
    add_many(session, 1, EXACT_MAX + 1)
    first = totals(session, facts(session))
    assert (first.networks, first.about) == (EXACT_MAX + 1, True)
    add(session, a_network("late"))
    assert totals(session, facts(session)) == first
    assert add_up(session).networks == EXACT_MAX + 2
