"""Rounds: the regular checks of a region, run by one replica at a time.

A round is a row of the lease table, `region:<name>`, that becomes due again and again.
"""

import logging
import random
from collections.abc import Callable
from datetime import timedelta

from sqlmodel import Session, col, func, select

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
        more = False
        try:
            schedule.apply_all(scope, region)
            compare_with_aws(scope, region)
        except EgretError as error:
            work.session.rollback()
            log.warning("the round of %s waits: %s", region, error)
        else:
            more = _done(_prove_one, scope, region) or _done(_call_one, scope, region)
        work.run_again(in_s=0 if more else _pause_s(work.session, region))

    return run


def _done(check: Callable[[CloudScope, str], bool], scope: CloudScope, region: str) -> bool:
    """Whether it checked something. What keeps AWS from one check need not keep it from others."""
    try:
        return check(scope, region)
    except EgretError as error:
        scope.session.rollback()
        log.warning("a check of %s waits: %s", region, error)
        return False


def _pause_s(session: Session, region: str) -> float:
    """Until the next round, or until the hours of some network begin or end before that."""
    due_in_s = schedule.due_in_s(session, region, utc_now())
    return ROUND_S if due_in_s is None else min(ROUND_S, due_in_s + CLOCK_SLACK_S)


def _prove_one(scope: CloudScope, region: str) -> bool:
    """Prove a network whose last proof is a day old; only one, to stay within the lease.

    Any of them, so that one that AWS keeps from running does not hold up the others.
    """
    recent = select(Proof.network_id).where(col(Proof.at) > utc_now() - PROOF_AGE_MAX)
    due = select(Network).where(
        Network.region == region,
        Network.status == Status.READY,
        col(Network.id).not_in(recent),
    )
    network = scope.session.exec(due.order_by(func.random()).limit(1)).first()
    if network is None:
        return False
    proofs.prove(scope, network)
    return True


def _call_one(scope: CloudScope, region: str) -> bool:
    """Call a function whose last answer is a day old, or an hour if it was a failure.

    Otherwise nobody would notice that its calls fail. A network that parks when it is idle is left
    alone, since the call would keep it up. Only one, and any, as with proofs.
    """
    every = functions.list_all(scope.session)
    due = [each.function for each in every if each.network.region == region and _is_due(each)]
    if not due:
        return False
    function = random.choice(due)  # noqa: S311 - no secret
    previews.store_answer(scope.session, scope.cloud, function, region=region)
    return True


def _is_due(detail: FunctionDetail) -> bool:
    network, is_ready = detail.network, detail.function.status is Status.READY
    reaches = network.status is Status.READY and not network.idle_hours
    if not (is_ready and reaches and detail.settled):
        return False
    failure, good = detail.failure, detail.snapshot
    if failure:
        return failure.fetched_at < utc_now() - FAILURE_AGE_MAX
    return good is None or good.fetched_at < utc_now() - ANSWER_AGE_MAX
