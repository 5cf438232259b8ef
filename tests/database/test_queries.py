"""Statements that are made once, and what their columns' types make of what is stored."""

from typing import Any

import pytest
from sqlalchemy import bindparam, union
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from tests.postgresql import on_either_database
from tests.services.rows import a_network, add, ago
from webapp.database import queries
from webapp.database.queries import Query
from webapp.models import Lease, Network, Status

NAMES = "name", "status", "updated_at", "tags", "protected"
COLUMNS: list[Any] = [getattr(Network, name) for name in NAMES]
SINCE = Query(
    select(*COLUMNS)
    .where(col(Network.status) == Status.READY, col(Network.updated_at) >= bindparam("since"))
    .order_by(col(Network.name))
    .limit(2)
)
NAMED = Query(
    select(Network.id)
    .where(col(Network.name).in_(bindparam("names", expanding=True)))
    .order_by(col(Network.name))
)


@on_either_database
def test_values_are_bound_by_name_and_read_as_their_types_have_them(session: Session) -> None:
    at, tags = ago(60), {"x": "ü"}
    add(session, a_network("b", updated_at=at, tags=tags), a_network("a", updated_at=ago(90)))
    add(session, a_network("c", updated_at=at, status=Status.FAILED))
    assert SINCE.rows(session, since=at) == [["b", Status.READY, at, tags, False]]
    assert SINCE.scalars(session, since=ago(100)) == ["a", "b"]


@on_either_database
def test_a_list_may_have_any_length(session: Session) -> None:
    rows = [a_network(name) for name in ("a", "b", "c")]
    add(session, *rows)
    ids = [row.id for row in rows]
    for names, found in ((["c", "a"], [ids[0], ids[2]]), (["b"], ids[1:2]), ([], []), (["d"], [])):
        assert NAMED.scalars(session, names=names) == found


@on_either_database
def test_a_list_may_be_part_of_the_statement(session: Session) -> None:
    add(session, a_network("a"), a_network("b", status=Status.FAILED), a_network("c"))
    some = col(Network.status).in_([Status.FAILED, Status.PARKED])
    query = Query(select(Network.name).where(some, col(Network.name) > bindparam("name")))
    assert query.scalars(session, name="a") == ["b"]
    assert query.scalars(session, name="b") == []


def test_plans_of_many_lengths_do_not_pile_up(session: Session) -> None:
    query = Query(select(Network.id).where(col(Network.id).in_(bindparam("ids", expanding=True))))
    for length in range(queries.PLANS_MAX + 5):
        assert query.rows(session, ids=["a"] * length) == []
    assert len(query._plans) <= queries.PLANS_MAX


@on_either_database
def test_numbers_are_read_as_numbers(session: Session) -> None:
    add(session, Lease(resource="a", due_at=1.5, expires_at=0, fence=2))
    columns: list[Any] = [Lease.due_at, Lease.fence, Lease.expires_at]
    assert Query(select(*columns)).rows(session) == [(1.5, 2, 0.0)]


def test_what_several_queries_find_is_read_and_what_the_session_has_not_written(
    session: Session,
) -> None:
    session.add(a_network("new"))
    name: Any = bindparam("name")
    both = union(
        select(Network.name, Network.status).where(col(Network.name) == name),
        select(Network.cidr, Network.status).where(col(Network.name) == name),
    )
    found = Query(both).rows(session, name="new")
    assert {tuple(row) for row in found} == {
        ("10.0.0.0/16", Status.READY),
        ("new", Status.READY),
    }


def test_a_query_that_fails_raises_what_all_statements_raise(session: Session) -> None:
    session.connection().exec_driver_sql("ALTER TABLE network RENAME TO gone")
    with pytest.raises(SQLAlchemyError, match="network"):
        NAMED.rows(session, names=["a"])
