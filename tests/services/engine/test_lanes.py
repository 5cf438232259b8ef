"""Lanes: who looks what is due reads no more than that, whatever waits in the other lane."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.costs import counted
from tests.postgresql import sqlite_alone
from webapp.services.engine import leases


@sqlite_alone("it counts what SQLite's own machine does")
@pytest.mark.parametrize("noun", ["proof", "network"])
@pytest.mark.parametrize("due_in_s", [-60.0, 60.0])
def test_to_look_what_is_due_costs_the_same_however_many_rows_there_are(
    session: Session, engine: Engine, noun: str, due_in_s: float
) -> None:
    """Neither proofs that are overdue keep operations waiting, nor the reverse."""
    few = _cost_of_looking(session, engine, noun, range(10), due_in_s)
    many = _cost_of_looking(session, engine, noun, range(10, 2_000), due_in_s)
    assert many < 1.5 * few


def _cost_of_looking(
    session: Session, engine: Engine, noun: str, numbers: range, due_in_s: float
) -> int:
    rows = (f"{noun}:{number}" for number in numbers)
    leases.make_due_in(session, dict.fromkeys(rows, due_in_s))
    session.commit()
    with counted(engine) as cost, Session(engine) as other:
        for those in (leases.CAN_WAIT, leases.CANNOT_WAIT, leases.ALL):
            leases.due_in_s(other, those)
            leases.claim(other, lease_s=0, those=those)
        mine = leases.begin_or_leave(other, "function:mine")
        assert mine is not None
        mine.finish()
    return cost.steps
