"""Rounds: the regular checks of a region, run by one replica at a time.

A round is a row of the lease table, `region:<name>`, that becomes due again and again.
"""

import logging
from datetime import timedelta

from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.errors import EgretError
from webapp.models import Network, Proof, Status, utc_now
from webapp.services import functions
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler, Work
from webapp.services.functions import FunctionDetail, previews
from webapp.services.inspection import proofs
from webapp.services.networks import schedule
from webapp.services.scope import EGRET, CloudScope
from webapp.settings import Settings

NOUN = "region"
ROUND_S = 300.0
CLOCK_SLACK_S = 1.0
"""So that a round starts after the hours have begun or ended, not just before."""
PROOF_AGE_MAX = timedelta(days=1)
ANSWER_AGE_MAX = timedelta(days=1)
FAILURE_AGE_MAX = timedelta(hours=1)

log = logging.getLogger("egret.rounds")


def start(session: Session, settings: Settings) -> None:
    """Make sure that every region of the settings has its round; harmless if it has."""
    for region in settings.region_names:
        leases.make_due(session, f"{NOUN}:{region}")
    session.commit()


def handler(cloud: Cloud, settings: Settings) -> Handler:
    """One round of a region: schedules, addresses, the daily proof and call of one of its own."""

    def run(work: Work) -> None:
        scope, region = CloudScope(work.session, EGRET, cloud, settings), work.row_id
        try:
            schedule.apply_all(scope, region)
            compare_with_aws(scope, region)
            more = _prove_one(scope, region) or _call_one(scope, region)
        except EgretError as error:
            work.session.rollback()
            log.warning("the round of %s waits: %s", region, error)
            more = False
        work.run_again(in_s=0 if more else _pause_s(work.session, region))

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


def _call_one(scope: CloudScope, region: str) -> bool:
    """Call a function whose last answer is a day old, or an hour if it was a failure.

    Otherwise nobody would notice that its calls fail. A network that parks when it is idle is left
    alone, since the call would keep it up. Only one, to stay within the lease.
    """
    for each in functions.list_all(scope.session):
        network, is_ready = each.network, each.function.status is Status.READY
        reaches = network.status is Status.READY and not network.idle_hours
        if network.region == region and is_ready and reaches and _is_due(each):
            previews.store_answer(scope.session, scope.cloud, each.function, region=region)
            return True
    return False


def _is_due(detail: FunctionDetail) -> bool:
    if not detail.settled:
        return False
    failure, good = detail.failure, detail.snapshot
    if failure:
        return failure.fetched_at < utc_now() - FAILURE_AGE_MAX
    return good is None or good.fetched_at < utc_now() - ANSWER_AGE_MAX
