"""With which keys a network is compared; the rules themselves are tested in test_details.py."""

from sqlmodel import Session

from tests.services.rows import IP, a_function, a_key, a_network, add, an_address
from webapp.services import keys
from webapp.services.keys.matching import FEW_KEYS


def test_of_few_keys_all_are_compared_with_a_network(session: Session) -> None:
    network = a_network()
    others = [a_key(f"a-{number:02}", cidrs=()) for number in range(FEW_KEYS)]
    add(session, network, an_address(network), *others)
    found = keys.match_all(session, network)
    assert (len(found.rows), found.more) == (FEW_KEYS, False)


def test_of_many_keys_those_that_concern_the_network_are_compared_with_it(
    session: Session,
) -> None:
    network, used = a_network(), a_key("y-used", cidrs=())
    others = [a_key(f"a-{number:02}", cidrs=()) for number in range(FEW_KEYS)]
    add(session, network, an_address(network), used, a_key("z-fits", cidrs=(IP,)), *others)
    add(session, a_function(network, used), a_key("x-other", cidrs=()))
    found = keys.match_all(session, network)
    assert [match.key.name for match in found.rows] == ["y-used", "z-fits"]
    assert [match.key.name for match in found.rows if match.ok] == ["z-fits"]
    assert found.more
