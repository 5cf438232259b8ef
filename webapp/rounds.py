"""Rounds: what is looked at now and then, in each region by one process of the fleet.

A round is a row of the lease table, `region:<name>`, that is due again and again.
"""

import logging
from datetime import timedelta

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.errors import EgretError
from webapp.models import Network, Proof, Status, utc_now
from webapp.services.addresses import pool as addresses
from webapp.services.engine import leases
from webapp.services.engine.leases import Step, Work
from webapp.services.inspection import proofs
from webapp.services.networks import schedule as parking
from webapp.settings import Settings

NOUN = "region"
ROUND_S = 300.0
CLOCK_SLACK_S = 1.0
PROOF_AGE_MAX = timedelta(days=1)

log = logging.getLogger("egret.rounds")


def schedule(session: Session, settings: Settings) -> None:
    """Make sure that every region offered has its round; harmless when it has."""
    for region in settings.region_names:
        leases.schedule(session, f"{NOUN}:{region}")
    session.commit()


def step(cloud: Cloud, settings: Settings) -> Step:
    """One round of a region: its addresses, schedules, and the daily proof of one network."""

    def run(work: Work) -> None:
        try:
            parking.apply_all(work.session, cloud, settings, work.row_id)
            addresses.look(work.session, cloud, work.row_id)
            proven = _prove_one(work.session, cloud, work.row_id)
        except EgretError as error:
            work.session.rollback()
            log.warning("the round of %s waits: %s", work.row_id, error.detail)
            proven = False
        work.again(in_s=0 if proven else _pause_s(work.session, work.row_id))

    return run


def _pause_s(session: Session, region: str) -> float:
    """Until the next round: sooner when the hours of a network begin or end before."""
    edge_s = parking.due_in_s(session, region, utc_now())
    return ROUND_S if edge_s is None else min(ROUND_S, edge_s + CLOCK_SLACK_S)


def _prove_one(session: Session, cloud: Cloud, region: str) -> bool:
    """Prove a network whose last proof is a day old; one at a time, within the lease."""
    fresh = select(Proof.network_id).where(col(Proof.at) > utc_now() - PROOF_AGE_MAX)
    due = select(Network).where(
        Network.region == region,
        Network.status == Status.READY,
        col(Network.id).not_in(fresh),
    )
    network = session.exec(due.limit(1)).first()
    if network is None:
        return False
    proofs.prove(session, cloud, network, actor="egret")
    return True
