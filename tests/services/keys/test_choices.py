"""The keys that a function's form offers."""

from sqlmodel import Session

from tests.services.rows import IP, a_key, a_network, add, an_address
from webapp.services import keys


def test_a_few_keys_are_all_offered_as_they_match_the_networks(session: Session) -> None:
    network, other = a_network(), a_network("other")
    add(session, network, other, an_address(network), a_key("fits"), a_key("not", cidrs=()))
    offer = keys.offered(session, [network, other], key="", network="")
    found = {
        each.key.name: [m.network.name for m in each.matches.rows if m.ok] for each in offer.rows
    }
    assert found == {"fits": ["net"], "not": []}
    assert not offer.more


def test_of_many_keys_the_chosen_one_and_those_that_fit_the_chosen_network_are_offered(
    session: Session,
) -> None:
    network = a_network()
    add(session, network, an_address(network), *(a_key(f"a-{n:02}", cidrs=()) for n in range(51)))
    add(session, a_key("x-chosen", cidrs=()), a_key("y-fits", cidrs=(IP,)), a_key("z", cidrs=()))
    offer = keys.offered(session, [network], key="x-chosen", network="net")
    names = [each.key.name for each in offer.rows]
    assert names[-3:] == ["a-49", "x-chosen", "y-fits"]
    assert (offer.more, len(names)) == (True, 52)
