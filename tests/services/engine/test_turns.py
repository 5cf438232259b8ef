"""Where AWS throttles, replicas take turns through the database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel

from tests.postgresql import on_either_database
from webapp.aws.pace import SLOW_CALL_EVERY_S, SLOW_FOR_S, WAIT_MAX_S, TurnQueueFull
from webapp.db import make_engine
from webapp.models import Throttle
from webapp.services.engine.turns import SharedTurns
from webapp.settings import Settings

pytestmark = on_either_database

REGION = "eu-central-1"


@pytest.fixture
def replicas(engine: Engine, settings: Settings) -> Iterator[tuple[SharedTurns, SharedTurns]]:
    """Two that share nothing but the database."""
    assert engine.url.database, "it is migrated"
    one, other = (SharedTurns(make_engine(settings.database)) for _ in range(2))
    yield one, other
    one.close()
    other.close()


Replicas = tuple[SharedTurns, SharedTurns]


def row(session: Session) -> Throttle:
    session.expire_all()
    return session.get_one(Throttle, REGION)


def test_nobody_waits_while_nothing_is_throttled(replicas: Replicas, session: Session) -> None:
    assert [one.take(REGION) for one in replicas] == [0.0, 0.0]
    assert session.get(Throttle, REGION) is None


def test_replicas_take_turns_a_second_apart(replicas: Replicas, session: Session) -> None:
    one, other = replicas
    one.slow_down(REGION)
    first = row(session).next_at
    for number, replica in enumerate([other, one, other], 1):
        assert 0 < replica.take(REGION) <= number * SLOW_CALL_EVERY_S
        assert row(session).next_at == pytest.approx(first + number * SLOW_CALL_EVERY_S)
    assert other.take("us-east-1") == 0.0


def test_each_throttled_answer_slows_down_anew(replicas: Replicas, session: Session) -> None:
    one, other = replicas
    one.slow_down(REGION)
    one.take(REGION)
    before = row(session).model_copy()
    other.slow_down(REGION)
    after = row(session)
    assert after.next_at == before.next_at, "a turn that was taken stays taken"
    assert after.slow_until > before.slow_until


def test_the_pace_is_free_again_when_it_was_slow_long_enough(
    replicas: Replicas, session: Session
) -> None:
    one, other = replicas
    one.slow_down(REGION)
    row(session).slow_until -= SLOW_FOR_S
    session.commit()
    assert other.take(REGION) == 0.0


def test_a_call_that_would_wait_too_long_is_refused(replicas: Replicas, session: Session) -> None:
    one, other = replicas
    one.slow_down(REGION)
    row(session).next_at += WAIT_MAX_S
    session.commit()
    taken = row(session).next_at
    with pytest.raises(TurnQueueFull):
        other.take(REGION)
    assert row(session).next_at == taken


def test_without_the_database_a_process_keeps_its_own_turns(
    replicas: Replicas, session: Session
) -> None:
    one, _ = replicas
    one.slow_down(REGION)
    SQLModel.metadata.tables["throttle"].drop(session.connection())
    session.commit()
    one.slow_down(REGION)
    assert 0 < one.take(REGION) <= SLOW_CALL_EVERY_S
    assert one.take(REGION) > SLOW_CALL_EVERY_S
