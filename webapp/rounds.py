"""Rounds: the regular checks of a region, run by one replica at a time.

A round is a row of the lease table, `region:<name>`, that becomes due again and again.
"""

import logging
from datetime import timedelta

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.errors import EgretError
from webapp.models import Network, Proof, Status, utc_now
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler, Work
from webapp.services.inspection import proofs
from webapp.services.networks import schedule
from webapp.services.scope import EGRET, CloudScope
from webapp.settings import Settings

NOUN = "region"
ROUND_S = 300.0
CLOCK_SLACK_S = 1.0
"""So that a round starts after the hours have begun or ended, not just before."""
PROOF_AGE_MAX = timedelta(days=1)

log = logging.getLogger("egret.rounds")


def start(session: Session, settings: Settings) -> None:
    """Make sure that every region of the settings has its round; harmless if it has."""
    for region in settings.region_names:
        leases.make_due(session, f"{NOUN}:{region}")
    session.commit()


def handler(cloud: Cloud, settings: Settings) -> Handler:
    """One round of a region: its schedules, its addresses, and the daily proof of one network."""

    def run(work: Work) -> None:
        scope, region = CloudScope(work.session, EGRET, cloud, settings), work.row_id
        try:
            schedule.apply_all(scope, region)
            compare_with_aws(scope, region)
            proven = _prove_one(scope, region)
        except EgretError as error:
            work.session.rollback()
            log.warning("the round of %s waits: %s", region, error)
            proven = False
        work.run_again(in_s=0 if proven else _pause_s(work.session, region))

    return run


def _pause_s(session: Session, region: str) -> float:
    """Until the next round, or until the hours of some network begin or end before that."""
    due_in_s = schedule.due_in_s(session, region, utc_now())
    return ROUND_S if due_in_s is None else min(ROUND_S, due_in_s + CLOCK_SLACK_S)


def _prove_one(scope: CloudScope, region: str) -> bool:
    """Prove a network whose last proof is a day old; only one, to stay within the lease."""
    recent = select(Proof.network_id).where(col(Proof.at) > utc_now() - PROOF_AGE_MAX)
    due = select(Network).where(
        Network.region == region,
        Network.status == Status.READY,
        col(Network.id).not_in(recent),
    )
    network = scope.session.exec(due.limit(1)).first()
    if network is None:
        return False
    proofs.prove(scope, network)
    return True
