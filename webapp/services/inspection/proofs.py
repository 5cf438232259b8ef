"""Proofs: which address does a partner really see? One probe per zone finds out.

A probe is a small function in each private subnet that asks an echo service for its own address.
"""

from collections import defaultdict

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import Session, col, func, select

from webapp.aws import Cloud
from webapp.aws.errors import is_inconclusive
from webapp.errors import Conflict, EgretError
from webapp.models import Nat, Network, Proof, Status
from webapp.services.addresses import pool
from webapp.services.scope import CloudScope

PROOFS_LISTED = 200


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
    scope.record("prove", network)
    scope.session.commit()
    return proofs


def latest_by_network(
    session: Session, *conditions: ColumnElement[bool]
) -> defaultdict[str, list[Proof]]:
    """The newest proofs of all networks, or of those that meet the conditions, by network id."""
    zone = (col(Proof.network_id), col(Proof.availability_zone))
    newest = select(*zone, func.max(Proof.at)).where(*conditions).group_by(*zone)
    found = select(Proof).where(tuple_(*zone, col(Proof.at)).in_(newest))
    by_network = defaultdict(list)
    for proof in session.exec(found.order_by(col(Proof.availability_zone))):
        by_network[proof.network_id].append(proof)
    return by_network


def list_all(session: Session, network: Network) -> list[Proof]:
    """Newest first."""
    mine = select(Proof).where(Proof.network_id == network.id)
    return list(session.exec(mine.order_by(col(Proof.at).desc()).limit(PROOFS_LISTED)))


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
