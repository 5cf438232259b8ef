"""Rounds: the regular checks of a site, a region of an account, run by one replica at a time.

A round is a row of the lease table, `region:<site>`, that becomes due again and again. So is the
daily proof of each network, `proof:<network>`: a round only sees to it that none is missing. What
calls functions is one more row of each site, `calls:<site>`.
"""

import logging
import random

from sqlalchemy import literal
from sqlmodel import Session, col, select

from webapp.aws import Cloud
from webapp.errors import EgretError
from webapp.models import Lease, Network, Site, Status, lease, utc_now
from webapp.scope import EGRET, CloudScope
from webapp.services import access, accounts
from webapp.services.addresses.comparison import compare_with_aws
from webapp.services.engine import leases
from webapp.services.engine.leases import Handler, Work
from webapp.services.functions import previews
from webapp.services.functions.calls import due
from webapp.services.inspection import proofs
from webapp.services.networks import schedule
from webapp.settings import Settings

NOUN, PROOF, CALLS = "region", lease.PROOF, "calls"
ROUND_S = 300.0
CLOCK_SLACK_S = 1.0
"""So that a round starts after the hours have begun or ended, not just before."""
PROOF_RETRY_S = 30 * 60.0
"""Until a probe is run again that AWS did not run; half as long, up to half as long again."""
PLANNED_AT_ONCE = 1000
"""Proofs of networks that have just become ready, or of an older version's."""
OVERDUE_S = due.OVERDUE.total_seconds()

log = logging.getLogger("egret.rounds")


def start(session: Session, settings: Settings) -> None:
    """Make sure that every site has its rows; harmless if it has."""
    for site in accounts.sites(session, settings):
        leases.make_due(session, f"{NOUN}:{site}")
        leases.make_due(session, f"{CALLS}:{site}")
    session.commit()


def handler(cloud: Cloud, settings: Settings) -> Handler:
    """One round of a site: schedules, addresses, the proofs to come.

    What has expired of sessions and links is deleted as well.
    """

    def run(work: Work) -> None:
        scope, site = CloudScope(work.session, EGRET, cloud, settings), Site.parse(work.row_id)
        if not accounts.exists(work.session, site):
            work.finish()
            return
        access.purge(work.session)
        try:
            _plan_proofs(scope.session, site)
            schedule.apply_all(scope, site)
            compare_with_aws(scope, site)
        except EgretError as error:
            work.session.rollback()
            log.warning("the round of %s waits: %s", _named(work.session, site), error)
        leases.make_due(work.session, f"{CALLS}:{site}")
        due_in_s = schedule.due_in_s(work.session, site, utc_now())
        work.run_again(in_s=min(ROUND_S, ROUND_S if due_in_s is None else due_in_s + CLOCK_SLACK_S))

    return run


def caller(cloud: Cloud, settings: Settings) -> Handler:
    """Calls one function of the site that is due, to stay within the lease; again while there are
    more, and when the next one is to fetch by itself. The lease keeps other replicas from calling
    it as well."""

    def run(work: Work) -> None:
        scope, site = CloudScope(work.session, EGRET, cloud, settings), Site.parse(work.row_id)
        if not accounts.exists(work.session, site):
            work.finish()
            return
        try:
            function = due.take(scope.session, site)
            if function:
                where = scope.cloud_of(function)
                previews.store_answer(scope.session, where, function, region=site.region)
        except EgretError as error:
            work.session.rollback()
            log.warning("a call of %s waits: %s", _named(work.session, site), error)
            function = None
        next_s = due.next_s(work.session, site)
        pause_s = ROUND_S if next_s is None else min(ROUND_S, max(next_s, OVERDUE_S))
        work.run_again(in_s=0 if function else pause_s)

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
    """Each network that is ready has a proof to come, at its own time of the day. One that has
    become ready is due to be looked at; the others are not read."""
    planned = select(Lease.resource).where(Lease.resource == literal(f"{PROOF}:") + Network.id)
    missing = select(Network).where(
        site.holds(Network),
        col(Network.look_at) <= utc_now(),
        Network.status == Status.READY,
        ~planned.exists(),
    )
    while found := session.exec(missing.limit(PLANNED_AT_ONCE)).all():
        leases.make_due_in(
            session, {f"{PROOF}:{network.id}": proofs.next_in_s(network) for network in found}
        )
        session.commit()


def _named(session: Session, site: Site) -> str:
    """As people know it."""
    return site.shown(accounts.names(session, [site.account_id]))
