"""What the overview asks of all there is."""

from sqlmodel import Session

from tests.services.many import add_many
from tests.services.rows import a_network, a_snapshot, add, add_function, an_address
from webapp.models import Access, AddressStatus, Status
from webapp.services.overview.facts import EXACT_MAX, facts


def test_of_nothing_there_is_nothing(session: Session) -> None:
    assert not any(facts(session))


def test_each_fact_is_about_its_own_rows(session: Session) -> None:
    network = a_network(status=Status.FAILED, outputs={"VpcId": "vpc-1"})
    add(session, network)
    assert not any(facts(session)), "what a failed creation left does not count"
    network.status = Status.PARKED
    add(session, an_address(status=AddressStatus.LOST))
    known = facts(session)
    assert (known.created, known.lost_addresses, known.keys) == (True, True, False)


def test_a_function_and_its_answer_are_facts(session: Session) -> None:
    function = add_function(session, access=Access.OPEN)
    add(session, a_snapshot(function, ok=False))
    known = facts(session)
    assert (known.functions_ready, known.answers, known.open_endpoints) == (True, False, True)
    add(session, a_snapshot(function))
    assert facts(session).answers


def test_many_are_more_than_are_added_up_for_each_page(session: Session) -> None:
    add_many(session, 1, EXACT_MAX)
    assert not facts(session).are_many
    add(session, a_network("one-more"))
    assert facts(session).are_many
