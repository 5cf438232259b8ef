"""Rows that are only read."""

import pytest
from sqlalchemy import bindparam
from sqlmodel import Session, col

from tests.services.rows import a_function, a_key, a_network, add
from webapp.models import Account, Function, Network, Proof
from webapp.models.reading import Reading, Together

NAMED = Reading(Network, col(Network.name) == bindparam("name"))
BOTH = Together(
    Function,
    col(Function.name) == bindparam("name"),
    joins={Network: col(Network.id) == col(Function.network_id)},
)
BY_NAME = Reading(Network, order_by=col(Network.name), limit=2)


def test_a_row_that_is_read_has_what_its_class_makes_of_it(session: Session) -> None:
    add(session, a_network(outputs={"NatGatewayIds": "nat-1,nat-2"}))
    found = NAMED.first(session, name="net")
    assert found is not None
    assert found == session.get_one(Network, found.id)
    assert (found.owner, found.account_name) == (f"network:{found.id}", "own")
    assert found.output_list("NatGatewayIds") == ["nat-1", "nat-2"]
    assert NAMED.first(session, name="other") is None


def test_its_account_is_read_with_it(session: Session) -> None:
    account = Account(name="second", number="1" * 12, role_arn="arn", external_id="x")
    add(session, account, a_network(account_id=account.id))
    found = NAMED.first(session, name="net")
    assert found is not None
    assert (found.account_name, found.account) == ("second", account)


def test_it_cannot_be_changed(session: Session) -> None:
    add(session, a_network())
    found = NAMED.first(session, name="net")
    assert found is not None
    with pytest.raises(AttributeError):
        found.reason = "changed"


def test_rows_come_in_order_with_what_the_session_has_not_committed(session: Session) -> None:
    session.add_all([a_network("c"), a_network("a"), a_network("b")])
    assert [network.name for network in BY_NAME.all(session)] == ["a", "b"]


def test_a_kind_of_row_without_an_account_is_read_too(session: Session) -> None:
    assert Reading(Proof).all(session) == []


def test_rows_of_several_tables_come_together_each_with_its_account(session: Session) -> None:
    account = Account(name="second", number="1" * 12, role_arn="arn", external_id="x")
    network, key = a_network(account_id=account.id), a_key()
    function = a_function(network, key)
    add(session, account, network, key, function)
    found = BOTH.first(session, name=function.name)
    assert found and found == (function, network)
    assert [row.account_name for row in found] == ["own", "second"]
    assert BOTH.first(session, name="other") is None
