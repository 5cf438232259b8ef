"""A page's mark is another one after each change of what it shows, and of nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import event
from sqlmodel import Session, SQLModel, select

from tests.services.rows import (
    a_function,
    a_key,
    a_network,
    a_proof,
    a_snapshot,
    add,
    add_function,
    an_event,
)
from webapp.models import Address, AddressStatus, Function, Network, Status
from webapp.services.keys.uses import NAMED_MAX
from webapp.watching.marks import marks_of

KEYS = [("networks", "net"), ("functions", "fun")]


@dataclass(frozen=True)
class Shown:
    session: Session
    network: Network
    function: Function

    def lose(self) -> None:
        self.session.exec(select(Address)).one().status = AddressStatus.LOST

    def add(self, *rows: SQLModel) -> None:
        self.session.add_all(rows)


def fail(row: Network | Function) -> None:
    row.status = Status.FAILED


@pytest.mark.parametrize(
    ("change", "seen_by"),
    [
        (lambda it: fail(it.network), {"net", "fun"}),
        (lambda it: fail(it.function), {"net", "fun"}),
        (Shown.lose, {"net", "fun"}),
        (lambda it: it.add(a_proof(it.network)), {"net", "fun"}),
        (lambda it: it.add(an_event(it.network, "CREATE_COMPLETE")), {"net"}),
        (lambda it: it.add(an_event(it.function, "CREATE_COMPLETE")), {"fun"}),
        (lambda it: it.add(a_snapshot(it.function)), {"fun"}),
        (lambda it: it.session.delete(it.function), {"net", "fun"}),
        (lambda it: it.add(a_network("other"), a_key("other")), set()),
    ],
)
def test_a_mark_follows_what_a_page_shows(
    session: Session, change: Callable[[Shown], None], seen_by: set[str]
) -> None:
    function = add_function(session)
    shown = Shown(session, session.get_one(Network, function.network_id), function)
    before = marks_of(session, KEYS)
    change(shown)
    session.commit()
    after = marks_of(session, KEYS)
    assert {key[1] for key in KEYS if before[key] != after.get(key)} == seen_by


def test_a_mark_of_a_network_reads_the_functions_that_its_page_names(session: Session) -> None:
    network, key_of_all = a_network(), a_key()
    mine = (a_function(network, key_of_all, f"fun-{n:03}") for n in range(2 * NAMED_MAX))
    add(session, network, key_of_all, *mine)
    key, seen = ("networks", network.name), []
    for number in (0, NAMED_MAX - 1, NAMED_MAX, NAMED_MAX + 1):
        before = marks_of(session, [key])
        fail(session.exec(select(Function).where(Function.name == f"fun-{number:03}")).one())
        session.commit()
        seen.append(before != marks_of(session, [key]))
    assert seen == [True, True, False, False]


def test_there_are_as_many_statements_for_many_pages_as_for_one(session: Session) -> None:
    add(session, *(a_network(f"net-{number}") for number in range(30)))
    counts = []
    for number in (1, 30):
        with statements(session) as made:
            assert (
                len(marks_of(session, [("networks", f"net-{n}") for n in range(number)])) == number
            )
        counts.append(len(made))
    assert counts[0] == counts[1] <= 7


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        made.append(statement)

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    yield made
    event.remove(bind, "before_cursor_execute", note)
