"""Proofs: which address does a partner really see? One probe per zone finds out.

A probe is a small function in each private subnet that asks an echo service for its own address.
A network is proven when it becomes ready and then once a day, each at a time of its own, so that
many networks are not all proven at once. Old proofs are deleted with each new one.
"""

import time
from collections import defaultdict
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, bindparam, delete, or_, tuple_
from sqlmodel import Session, col, func, select

from webapp.aws import Cloud
from webapp.aws.errors import is_inconclusive
from webapp.errors import Conflict, EgretError
from webapp.models import Nat, Network, Proof, Status, utc_now
from webapp.models.reading import Reading
from webapp.scope import CloudScope
from webapp.services.addresses import pool

PROOFS_LISTED = 200
KEPT_PER_ZONE = 30
KEPT_FOR = timedelta(days=90)
DAY_S = 24 * 60 * 60
JUST_NOW_S = 60 * 60
"""A network whose time of the day is nearer than this waits for the next day's."""
_ZONE = (col(Proof.network_id), col(Proof.availability_zone))


def _newest(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a proof is the newest one of its zone."""
    times = select(*_ZONE, func.max(Proof.at)).where(*conditions).group_by(*_ZONE)
    return tuple_(*_ZONE, col(Proof.at)).in_(times)


_OF_NETWORK = Reading(
    Proof,
    _newest(col(Proof.network_id) == bindparam("network_id")),
    order_by=col(Proof.availability_zone),
)


def prove(scope: CloudScope, network: Network) -> list[Proof]:
    """Ask every zone's probe now, and store what it saw. Raises Conflict unless it is ready.

    Raises an error of AWS, and stores nothing, if a probe was not run for a reason that says
    nothing about the network. A probe that was deleted is part of it, and therefore broken.
    """
    if network.status is not Status.READY:
        raise Conflict(
            f"The network {network.name} is {network.status}.",
            code="network_not_ready",
            remedy="Wait until it is ready.",
            about=[network],
        )
    ips = [address.public_ip or "" for address in pool.of_network(scope.session, network.id)]
    zones = network.output_list("AvailabilityZones")
    probes = network.output_list("ProbeFunctionNames")
    proofs = [
        _ask(scope.cloud_of(network), network, zone, probe, expected_ip(network, ips, position))
        for position, (zone, probe) in enumerate(zip(zones, probes, strict=True))
    ]
    scope.session.add_all(proofs)
    _forget_old(scope.session, network, len(zones))
    scope.record("prove", network)
    scope.session.commit()
    return proofs


def next_in_s(network: Network, now_s: float | None = None) -> float:
    """Seconds until the network is to be proven again: at its time of the day, which its id gives.

    `now_s`: seconds since 1970, by default now.
    """
    at = int.from_bytes(sha256(network.id.encode()).digest()[:8]) % DAY_S
    wait_s = (at - (time.time() if now_s is None else now_s)) % DAY_S
    return wait_s + DAY_S if wait_s < JUST_NOW_S else wait_s


def latest_by_network(
    session: Session, *conditions: ColumnElement[bool]
) -> defaultdict[str, list[Proof]]:
    """The newest proofs of all networks, or of those that meet the conditions, by network id."""
    found = select(Proof).where(_newest(*conditions))
    by_network = defaultdict(list)
    for proof in session.exec(found.order_by(col(Proof.availability_zone))):
        by_network[proof.network_id].append(proof)
    return by_network


def latest_of(session: Session, network_id: str) -> list[Proof]:
    """The same of one network, of rows that cannot be changed."""
    return _OF_NETWORK.all(session, network_id=network_id)


def list_all(session: Session, network: Network) -> list[Proof]:
    """Newest first."""
    mine = select(Proof).where(Proof.network_id == network.id)
    return list(session.exec(mine.order_by(col(Proof.at).desc()).limit(PROOFS_LISTED)))


def _forget_old(session: Session, network: Network, zones: int) -> None:
    """Delete what is beyond the newest or too old; the latest failure stays, whatever its age."""
    mine = select(Proof.id).where(Proof.network_id == network.id)
    newest_first = mine.order_by(col(Proof.at).desc())
    failed = or_(col(Proof.seen_ip).is_(None), col(Proof.seen_ip) != col(Proof.expected_ip))
    session.flush()
    is_old = or_(
        col(Proof.id).not_in(newest_first.limit(KEPT_PER_ZONE * zones)),
        col(Proof.at) < utc_now() - KEPT_FOR,
    )
    is_last_failure = col(Proof.id).in_(newest_first.where(failed).limit(1))
    session.connection().execute(
        delete(Proof).where(col(Proof.network_id) == network.id, is_old, ~is_last_failure)
    )


def _ask(cloud: Cloud, network: Network, zone: str, probe: str, expected_ip: str) -> Proof:
    proof = Proof(network_id=network.id, availability_zone=zone, expected_ip=expected_ip)
    try:
        result = cloud.functions.run_probe(network.region, probe)
    except EgretError as error:
        if is_inconclusive(error):
            raise
        proof.problem = error.detail
        return proof
    proof.request_id = result.request_id
    proof.seen_ip, proof.echo, proof.problem = result.ip, result.echo, result.error
    if not proof.seen_ip:
        hop = _broken_hop(cloud, network, zone, probe)
        proof.problem = ". ".join(said for said in (proof.problem, hop) if said)
    if proof.seen_ip and not proof.ok:
        proof.problem = f"It came from {proof.seen_ip}, not from {expected_ip}."
    return proof


def _broken_hop(cloud: Cloud, network: Network, zone: str, probe: str) -> str:
    """At which hop the probe's egress path breaks; '' when that is not known."""
    zones, subnets = (network.output_list(o) for o in ("AvailabilityZones", "PrivateSubnetIds"))
    try:
        path = cloud.egress.trace(
            network.region,
            function=probe,
            subnet_id=subnets[zones.index(zone)],
            group_ids=[network.outputs["SecurityGroupId"]],
        )
    except EgretError:
        return ""
    broken = path.broken
    return f"Its egress path breaks at the {broken.name}: {broken.detail}" if broken else ""


def expected_ip(network: Network, ips: list[str], position: int) -> str:
    """The address that a zone should be seen from; with one NAT gateway, the same for all."""
    return ips[position if network.nat is Nat.PER_AZ else 0]
