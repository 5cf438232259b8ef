"""Leases: work is claimed once, and a process that has lost its claim cannot write."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, select

from tests.postgresql import on_either_database
from webapp.models import Lease, Nat, Network, Status
from webapp.services.engine import leases
from webapp.services.engine.leases import LeaseLost, Work

pytestmark = on_either_database


def network() -> Network:
    return Network(name="n", region="r", cidr="10.0.0.0/16", availability_zones=1, nat=Nat.SINGLE)


def expire(session: Session) -> None:
    """As if the owner had slept through its lease."""
    session.connection().execute(update(Lease).values(expires_at=0, due_at=0))
    session.commit()


def test_an_intent_and_its_claim_are_committed_together(session: Session, engine: Engine) -> None:
    row = network()
    session.add(row)
    work = leases.begin(session, row.owner)
    assert work is not None
    with Session(engine) as other:
        assert other.get(Network, row.id) is not None
        assert leases.claim(other) is None


def test_a_row_is_claimed_by_one_only(session: Session, engine: Engine) -> None:
    work = leases.begin(session, "network:a")
    assert work is not None
    work.run_again(in_s=0)
    with Session(engine) as other:
        first, second = leases.claim(session), leases.claim(other)
    assert (first is None, second is None) == (False, True)


def test_a_process_that_slept_through_its_lease_cannot_commit(
    session: Session, engine: Engine
) -> None:
    slept = leases.begin(session, "network:a")
    assert slept is not None
    expire(session)
    with Session(engine) as other:
        assert leases.claim(other) is not None
    session.add(network())
    with pytest.raises(LeaseLost):
        slept.commit()
    assert session.exec(select(Network)).all() == []


def test_work_that_is_asked_for_again_meanwhile_is_not_finished(
    session: Session, engine: Engine
) -> None:
    work = leases.begin(session, "network:a")
    assert work is not None
    with Session(engine) as other:
        assert leases.begin(other, "network:a") is None
    with pytest.raises(LeaseLost):
        work.finish()


def test_who_waits_for_a_row_does_not_make_its_holder_do_it_again(
    session: Session, engine: Engine
) -> None:
    held = leases.begin(session, "network:a")
    assert held is not None
    with Session(engine) as other:
        assert leases.take(other, "network:a") is None
        held.finish()
        assert leases.take(other, "network:a") is not None


def test_a_change_that_was_not_read_is_not_written_over(session: Session, engine: Engine) -> None:
    row = network()
    session.add(row)
    session.commit()
    with Session(engine) as other:
        theirs = other.get_one(Network, row.id)
        theirs.status = Status.DELETING
        other.commit()
    row.status = Status.READY
    with pytest.raises(StaleDataError):
        session.commit()


def test_a_step_on_a_row_that_changed_is_run_again(session: Session, engine: Engine) -> None:
    row = network()
    session.add(row)
    work = leases.begin(session, row.owner)
    assert work is not None

    def step(work: Work) -> None:
        with Session(engine) as other:
            other.get_one(Network, row.id).status = Status.DELETING
            other.commit()
        row.status = Status.READY
        work.finish()

    leases.run(work, step)
    again = leases.claim(session)
    assert again is not None
    assert session.get_one(Network, row.id, populate_existing=True).status is Status.DELETING


def test_the_database_has_the_clock(session: Session) -> None:
    work = leases.begin(session, "network:a")
    assert work is not None
    now = datetime.now(UTC)
    assert abs(datetime.fromtimestamp(work.due_at, UTC) - now) < timedelta(minutes=1)


def test_the_next_row_is_the_first_that_nobody_has_claimed(session: Session) -> None:
    assert leases.due_in_s(session) is None
    leases.make_due_in(session, {"proof:a": 100.0, "proof:b": 50.0, "network:c": 300.0})
    assert leases.begin(session, "network:held") is not None
    assert leases.due_in_s(session) == pytest.approx(50, abs=5)
    assert leases.due_in_s(session, ~leases.of("proof")) == pytest.approx(300, abs=5)
    leases.make_due(session, "network:d")
    assert (leases.due_in_s(session) or 0) <= 0


def test_what_is_made_due_wakes_this_process_once_it_is_committed(session: Session) -> None:
    sleeper = leases.sleeper()
    leases.make_due(session, "network:a")
    assert not sleeper.is_set()
    session.commit()
    assert sleeper.is_set()
    sleeper.clear()
    work = leases.claim(session)
    assert work is not None and not sleeper.is_set()
    work.commit()
    assert not sleeper.is_set()
    work.run_again(in_s=5)
    assert sleeper.is_set()
