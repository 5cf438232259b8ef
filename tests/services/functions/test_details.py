"""Functions as they are shown: a list shows of each what its own page shows."""

import pytest
from sqlmodel import Session

from tests.services.rows import (
    a_function,
    a_key,
    a_network,
    a_snapshot,
    add,
    add_everything,
    add_function,
    ago,
)
from webapp.errors import NotFound
from webapp.models import Status
from webapp.services import functions
from webapp.services.functions.details import TYPICAL_S, network_of


def test_a_list_shows_of_each_function_what_its_own_page_shows(session: Session) -> None:
    for number in range(3):
        add_everything(session, number)
    every = functions.listing.details_page(session).rows
    assert len(every) == 3
    for each in every:
        same = functions.detail(session, each.function.name)
        assert (each.snapshot, each.failure) == (same.snapshot, same.failure)
        assert each.snapshot and each.failure
        assert (each.snapshot.etag, each.failure.etag) == ("1", "0")
        assert (each.network, each.key, each.proofs) == (same.network, same.key, same.proofs)
        assert each.addresses == same.addresses


def test_only_the_page_of_a_function_has_its_progress(session: Session) -> None:
    add_function(session, status=Status.CREATING)
    (listed,) = functions.listing.details_page(session).rows
    progress = functions.detail(session, "fun").progress
    assert listed.progress is None
    assert progress is not None
    assert progress.typical_s == TYPICAL_S


def test_functions_are_listed_by_name(session: Session) -> None:
    network, key = a_network(), a_key()
    add(session, network, key, a_function(network, key, "b"), a_function(network, key, "a"))
    assert [listed.function.name for listed in functions.listing.details_page(session).rows] == [
        "a",
        "b",
    ]
    assert network_of(session, functions.get(session, "a")) == network


@pytest.mark.parametrize(
    ("status", "ready_s_ago", "has_fetched", "settled"),
    [
        (Status.CREATING, 0, False, False),
        (Status.READY, 5, False, False),
        (Status.READY, 5, True, True),
        (Status.READY, 100, False, True),
        (Status.FAILED, 5, False, True),
    ],
)
def test_a_function_is_settled_once_its_first_answer_is_there_or_does_not_come(
    session: Session, status: Status, ready_s_ago: int, has_fetched: bool, settled: bool
) -> None:
    function = add_function(session, status=status, updated_at=ago(ready_s_ago))
    if has_fetched:
        add(session, a_snapshot(function, ok=False))
    assert functions.detail(session, "fun").settled is settled


def test_an_unknown_function_is_not_found(session: Session) -> None:
    assert functions.find(session, "none") is None
    for ask in (functions.get, functions.detail):
        with pytest.raises(NotFound):
            ask(session, "none")
