"""Old snapshots go; the last good one and what others store meanwhile stay."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.models import Function, Key, Nat, Network, Snapshot, Status, utc_now
from webapp.services.functions import previews
from webapp.services.functions.previews import SNAPSHOTS_KEPT


@pytest.fixture
def function(session: Session) -> Function:
    network = Network(
        name="n",
        region="eu-central-1",
        cidr="10.0.0.0/16",
        availability_zones=1,
        nat=Nat.SINGLE,
        status=Status.READY,
    )
    key = Key(
        name="k",
        partner="clash_of_clans",
        region=network.region,
        secret_arn="x",
        kms_key_arn="x",
        fingerprint="x",
    )
    session.add_all([network, key])
    session.flush()
    made = Function(name="f", template="clash_rankings", network_id=network.id, key_id=key.id)
    session.add(made)
    session.commit()
    return made


def store(session: Session, function: Function, count: int, *, ok: bool, age_s: int = 0) -> None:
    now = utc_now()
    for number in range(count):
        at = now - timedelta(seconds=age_s + count - number)
        session.add(Snapshot(function_id=function.id, ok=ok, fetched_at=at))
    session.commit()


def test_the_newest_and_the_last_good_one_are_kept(
    session: Session, function: Function, nowhere: Cloud
) -> None:
    store(session, function, 3, ok=True, age_s=100)
    store(session, function, SNAPSHOTS_KEPT + 5, ok=False)
    good, _ = previews.latest(session, function)
    previews.store_answer(session, nowhere, function, region="eu-central-1")
    kept = session.exec(select(Snapshot)).all()
    assert len(kept) == SNAPSHOTS_KEPT + 1
    assert good in kept


def test_what_another_process_stores_meanwhile_is_not_deleted(
    session: Session, engine: Engine, function: Function
) -> None:
    """Between the choice of what is old and its deletion."""
    store(session, function, SNAPSHOTS_KEPT + 5, ok=True)
    old = previews.outdated(session, function)
    session.commit()
    with Session(engine) as other:
        store(other, function, 1, ok=True)
    session.connection().execute(delete(Snapshot).where(col(Snapshot.id).in_(old)))
    session.commit()
    assert len(old) == 5
    assert len(session.exec(select(Snapshot)).all()) == SNAPSHOTS_KEPT + 1
