"""Counting stops where the number says little."""

from sqlmodel import Session, col

from tests.services.rows import a_network, add
from webapp.lists.counts import Count, count
from webapp.models import Network, Status


def test_rows_are_counted_so_far_only(session: Session) -> None:
    assert not count(session, col(Network.name))
    add(session, *(a_network(name) for name in "abc"), a_network("d", status=Status.FAILED))
    assert count(session, col(Network.name)) == Count(4)
    assert count(session, col(Network.name), col(Network.status) == Status.FAILED) == Count(1)
    assert str(count(session, col(Network.name), most=3)) == "over 3"
    assert str(Count(1000, over=True)) == "over 1,000"
