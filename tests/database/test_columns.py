"""Statements whose SQL is made once."""

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from tests.services.rows import a_network, add, ago
from webapp.database.columns import as_json, as_text, as_time, collected, lines
from webapp.database.queries import Query
from webapp.models import Network, Status


def test_values_are_bound_by_name_and_read_as_they_are_stored(session: Session) -> None:
    at = ago(60)
    add(session, a_network("a", updated_at=at, tags={"x": "1"}), a_network("b", status="failed"))
    columns = col(Network.name), col(Network.updated_at), as_text(col(Network.tags))
    query = select(*columns).where(
        col(Network.status) == bindparam("status"), col(Network.updated_at) >= bindparam("since")
    )
    statement = Query(query, raw=True)
    for status, names in ((Status.READY, ["a"]), (Status.FAILED, ["b"]), (Status.PARKED, [])):
        rows = statement.rows(session, status=status, since=at)
        assert [row[0] for row in rows] == names
    ((_, stored, tags),) = statement.rows(session, status=Status.READY, since=ago(99))
    assert (as_time(stored), as_json(tags)) == (at, {"x": "1"})


def test_what_was_not_written_yet_is_found(session: Session) -> None:
    session.add(a_network("new"))
    assert Query(select(Network.name), raw=True).rows(session) == [("new",)]


def test_values_of_several_rows_are_collected_in_one(session: Session) -> None:
    assert lines(None) == []
    add(session, a_network("b", reason="x"), a_network("a"))
    texts = collected(col(Network.name), col(Network.reason), col(Network.link))
    both = Query(select(texts), raw=True)
    ((text,),) = both.rows(session)
    assert lines(text) == [["a", "", ""], ["b", "x", ""]]
