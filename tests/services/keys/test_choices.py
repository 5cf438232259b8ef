"""The keys that a function's form offers."""

from sqlmodel import Session

from tests.services.accounts.test_details import an_account
from tests.services.rows import IP, a_key, a_network, add, an_address
from webapp.services import keys


def test_a_few_keys_are_all_offered_as_they_match_the_networks(session: Session) -> None:
    network, other = a_network(), a_network("other")
    add(session, network, other, an_address(network), a_key("fits"), a_key("not", cidrs=()))
    offer = keys.offered(session, [network, other], key="", network="")
    found = {each.key.name: each.matching for each in offer.rows}
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


def test_a_key_is_not_matched_with_networks_of_other_accounts_or_that_go(session: Session) -> None:
    shop = an_account("shop")
    add(session, shop)
    theirs, going = a_network("theirs", account_id=shop.id), a_network("going", unwanted=True)
    mine, bare = a_network("mine"), a_network("bare")
    add(session, theirs, going, mine, bare)
    for number, network in enumerate((theirs, going, mine)):
        add(session, an_address(network, f"203.0.113.{number}"))
    opaque = a_key("opaque", partner="generic", cidrs=())
    add(session, a_key("wide", cidrs=("0.0.0.0/0",)), opaque)
    offer = keys.offered(session, [theirs, going, mine, bare], key="", network="")
    of_opaque, wide = offer.rows
    assert (wide.matching, wide.usable) == (["mine"], ["mine"])
    assert (of_opaque.matching, of_opaque.usable) == ([], ["mine", "bare"])
