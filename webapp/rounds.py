"""Rounds: the regular checks of a site, a region of an account, run by one replica at a time.

A round is a row of the lease table, `region:<site>`, that becomes due again and again. So is the
daily proof of each network, `proof:<network>`: a round only sees to it that none is missing.
"""

import logging
import random
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import literal
from sqlmodel import Session, select

from webapp.aws import Cloud
from webapp.errors import EgretError
from webapp.models import Lease, Network, Site, Status, utc_now
from webapp.services import access, accounts, functions
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler, Work
from webapp.services.functions import FunctionDetail, previews
from webapp.services.inspection import proofs
from webapp.services.networks import schedule
from webapp.services.scope import EGRET, CloudScope
from webapp.settings import Settings

NOUN, PROOF = "region", "proof"
ROUND_S = 300.0
CLOCK_SLACK_S = 1.0
"""So that a round starts after the hours have begun or ended, not just before."""
PROOF_RETRY_S = 30 * 60.0
"""Until a probe is run again that AWS did not run; half as long, up to half as long again."""
PLANNED_AT_ONCE = 1000
"""Proofs of networks that have just become ready, or of an older version's."""
ANSWER_AGE_MAX = timedelta(days=1)
FAILURE_AGE_MAX = timedelta(hours=1)
OVERDUE_S = 30.0
"""Until a fetch that could not be made is tried again."""

log = logging.getLogger("egret.rounds")


def start(session: Session, settings: Settings) -> None:
    """Make sure that every site has its round; harmless if it has."""
    for site in accounts.sites(session, settings):
        leases.make_due(session, f"{NOUN}:{site}")
    session.commit()


def handler(cloud: Cloud, settings: Settings) -> Handler:
    """One round of a site: schedules, addresses, the proofs to come, the daily call of a function.

    What has expired of sessions and links is deleted as well.
    """

    def run(work: Work) -> None:
        scope, site = CloudScope(work.session, EGRET, cloud, settings), Site.parse(work.row_id)
        if not accounts.exists(work.session, site):
            work.finish()
            return
        more = False
        access.purge(work.session)
        try:
            _plan_proofs(scope.session, site)
            schedule.apply_all(scope, site)
            compare_with_aws(scope, site)
        except EgretError as error:
            work.session.rollback()
            log.warning("the round of %s waits: %s", _named(work.session, site), error)
        else:
            more = _done(_call_one, scope, site)
        work.run_again(in_s=0 if more else _pause_s(work.session, site))

    return run


def prover(cloud: Cloud, settings: Settings) -> Handler:
    """The daily proof of a network, while it is ready."""

    def run(work: Work) -> None:
        network = work.session.get(Network, work.row_id)
        if network is None or network.status is not Status.READY:
            work.finish()
            return
        try:
            proofs.prove(CloudScope(work.session, EGRET, cloud, settings), network)
        except EgretError as error:
            work.session.rollback()
            log.warning("the proof of %s waits: %s", network.name, error)
            work.run_again(in_s=PROOF_RETRY_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        else:
            work.run_again(in_s=proofs.next_in_s(network))

    return run


def _plan_proofs(session: Session, site: Site) -> None:
    """Each network that is ready has a proof to come, at its own time of the day."""
    planned = select(Lease.resource).where(Lease.resource == literal(f"{PROOF}:") + Network.id)
    missing = select(Network).where(
        site.holds(Network), Network.status == Status.READY, ~planned.exists()
    )
    found = session.exec(missing.limit(PLANNED_AT_ONCE)).all()
    leases.make_due_in(
        session, {f"{PROOF}:{network.id}": proofs.next_in_s(network) for network in found}
    )
    session.commit()


def _done(check: Callable[[CloudScope, Site], bool], scope: CloudScope, site: Site) -> bool:
    """Whether it checked something. What keeps AWS from one check need not keep it from others."""
    try:
        return check(scope, site)
    except EgretError as error:
        scope.session.rollback()
        log.warning("a check of %s waits: %s", _named(scope.session, site), error)
        return False


def _named(session: Session, site: Site) -> str:
    """As people know it."""
    return site.shown(accounts.names(session))


def _pause_s(session: Session, site: Site) -> float:
    """Until the next round, or until before that some network's hours begin or end, or a function
    is to fetch by itself."""
    due_in_s = schedule.due_in_s(session, site, utc_now())
    hours = [] if due_in_s is None else [due_in_s + CLOCK_SLACK_S]
    here = [each for each in functions.list_all(session) if each.network.site == site]
    fetches = [max(_next_fetch_s(each), OVERDUE_S) for each in here if _fetches_by_itself(each)]
    return min([ROUND_S, *hours, *fetches])


def _call_one(scope: CloudScope, site: Site) -> bool:
    """Call a function whose last answer is a day old, or an hour if it was a failure; or as old as
    its schedule says.

    Otherwise nobody would notice that its calls fail. A network that parks when it is idle is left
    alone, since the call would keep it up, but not where there is a schedule. Only one, to stay
    within the lease, and any, so that one that AWS keeps from running does not hold up the others.
    The lease of the site's round keeps other replicas from fetching as well.
    """
    every = functions.list_all(scope.session)
    due = [each.function for each in every if each.network.site == site and _is_due(each)]
    if not due:
        return False
    function = random.choice(due)  # noqa: S311 - no secret
    cloud = scope.cloud_of(function)
    previews.store_answer(scope.session, cloud, function, region=site.region)
    return True


def _is_due(detail: FunctionDetail) -> bool:
    network, is_ready = detail.network, detail.function.status is Status.READY
    reaches = network.status is Status.READY and not network.idle_hours
    if _fetches_by_itself(detail):
        return _next_fetch_s(detail) <= 0
    if not (is_ready and reaches and detail.settled):
        return False
    failure, good = detail.failure, detail.snapshot
    if failure:
        return failure.fetched_at < utc_now() - FAILURE_AGE_MAX
    return good is None or good.fetched_at < utc_now() - ANSWER_AGE_MAX


def _fetches_by_itself(detail: FunctionDetail) -> bool:
    """Whether it has a schedule, and can fetch."""
    statuses = (detail.function.status, detail.network.status)
    return bool(detail.function.every_minutes) and set(statuses) == {Status.READY}


def _next_fetch_s(detail: FunctionDetail) -> float:
    """Seconds until a function with a schedule fetches; not more than 0 when it is due."""
    every = timedelta(minutes=detail.function.every_minutes or 0)
    fetched = [each.fetched_at for each in (detail.failure, detail.snapshot) if each]
    return (max(fetched) + every - utc_now()).total_seconds() if fetched else 0
