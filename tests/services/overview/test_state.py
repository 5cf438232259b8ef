"""What tells an open page that something has changed."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.services.many import add_many
from tests.services.rows import a_network, a_proof, a_snapshot, add, add_function, an_address
from webapp.models import Address, AddressStatus, Function, Key, Network, Status
from webapp.services.overview import state_of
from webapp.services.overview.facts import EXACT_MAX


def the(session: Session, kind: Any) -> Any:
    return session.exec(select(kind)).first()


CHANGES: dict[str, Callable[[Session], object]] = {
    "a network appears": lambda s: s.add(a_network("other")),
    "a network changes": lambda s: setattr(the(s, Network), "status", Status.PARKING),
    "a function fails": lambda s: setattr(the(s, Function), "status", Status.FAILED),
    "a function goes": lambda s: s.delete(the(s, Function)),
    "an address is allocated": lambda s: s.add(an_address(ip="203.0.113.99")),
    "an address is lost": lambda s: setattr(the(s, Address), "status", AddressStatus.LOST),
    "a key is deleted": lambda s: setattr(the(s, Key), "status", Status.DELETING),
    "a zone breaks": lambda s: s.add(a_proof(the(s, Network), seen_ip=None)),
    "a call fails": lambda s: s.add(a_snapshot(the(s, Function), ok=False)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_text_is_another_one_after_a_change_only(session: Session, change: str) -> None:
    function = add_function(session)
    add(session, a_proof(the(session, Network), at=function.created_at))
    before = state_of(session)
    assert state_of(session) == before
    CHANGES[change](session)
    session.commit()
    assert state_of(session) != before


def test_many_rows_are_not_compared(session: Session) -> None:
    add_many(session, 1, EXACT_MAX + 1)
    assert state_of(session) != state_of(session)
