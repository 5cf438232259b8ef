"""Proofs: what each zone's probe saw, stored whether it is good or not."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from sqlmodel import Session

from tests.services.rows import IP, ZONES, a_network, a_proof, add, ago, an_address
from tests.services.scripted import INCONCLUSIVE, Answer, ScriptedAws, refusal
from webapp.aws.errors import AwsError, NotReached
from webapp.errors import Conflict
from webapp.models import Nat, Network, Status
from webapp.scope import CloudScope
from webapp.services.audit import list_after
from webapp.services.inspection import proofs


@pytest.fixture
def network(session: Session) -> Network:
    outputs = {"AvailabilityZones": ZONES[0], "ProbeFunctionNames": "probe"}
    made = a_network(outputs=outputs | {"PrivateSubnetIds": "subnet-1", "SecurityGroupId": "sg-1"})
    add(session, made, an_address(made))
    return made


def answering(payload: object, **more: str) -> Any:
    """What Lambda gives for a run of the probe."""

    def answer(_: object) -> Mapping[str, Any]:
        return {"Payload": BytesIO(json.dumps(payload).encode())} | more

    return answer


def test_a_probe_that_is_seen_from_the_networks_address_is_a_proof(
    scripted: CloudScope, aws: ScriptedAws, network: Network
) -> None:
    aws.answers["Invoke"] = answering({"ip": IP, "echo": "echo.example"})
    (proof,) = proofs.prove(scripted, network)
    assert (proof.ok, proof.availability_zone, proof.echo) == (True, ZONES[0], "echo.example")
    assert proofs.list_all(scripted.session, network) == [proof]
    assert [event.action for event in list_after(scripted.session, 0, limit=9)] == ["prove"]


def test_another_address_is_named(scripted: CloudScope, aws: ScriptedAws, network: Network) -> None:
    aws.answers["Invoke"] = answering({"ip": "198.51.100.1"})
    (proof,) = proofs.prove(scripted, network)
    assert (proof.ok, proof.problem) == (False, f"It came from 198.51.100.1, not from {IP}.")


def test_a_probe_that_failed_gives_its_own_error(
    scripted: CloudScope, aws: ScriptedAws, network: Network
) -> None:
    told = {"errorType": "TimeoutError", "errorMessage": "timed out"}
    aws.answers["Invoke"] = answering(told, FunctionError="Unhandled")
    (proof,) = proofs.prove(scripted, network)
    assert not proof.ok
    assert "timed out" in proof.problem


def test_a_probe_that_was_deleted_is_stored_with_the_reason(
    scripted: CloudScope, aws: ScriptedAws, network: Network
) -> None:
    aws.answers["Invoke"] = refusal("ResourceNotFoundException", "Function not found", status=404)
    (proof,) = proofs.prove(scripted, network)
    assert (proof.ok, proof.seen_ip) == (False, None)
    assert proof.problem.startswith("While running the function probe")


@pytest.mark.parametrize("answer", INCONCLUSIVE)
def test_a_probe_that_aws_did_not_run_says_nothing_about_the_network(
    scripted: CloudScope, aws: ScriptedAws, network: Network, answer: Answer
) -> None:
    aws.answers["Invoke"] = answer
    with pytest.raises(AwsError):
        proofs.prove(scripted, network)
    assert proofs.list_all(scripted.session, network) == []


def test_a_probe_without_aws_says_nothing_about_the_network(
    offline: CloudScope, network: Network
) -> None:
    with pytest.raises(NotReached):
        proofs.prove(offline, network)
    assert proofs.list_all(offline.session, network) == []


@pytest.mark.parametrize("status", [Status.CREATING, Status.PARKED, Status.FAILED])
def test_only_a_ready_network_is_proven(
    offline: CloudScope, network: Network, status: Status
) -> None:
    network.status = status
    with pytest.raises(Conflict) as refused:
        proofs.prove(offline, network)
    assert refused.value.code == "network_not_ready"
    assert proofs.list_all(offline.session, network) == []


def test_the_newest_proof_of_each_zone_counts(session: Session, network: Network) -> None:
    other = a_network("other")
    newest = [a_proof(network, zone=zone, at=ago(10)) for zone in ZONES]
    older = [a_proof(network, zone=zone, at=ago(60), seen_ip=None) for zone in ZONES]
    of_other = a_proof(other)
    add(session, other, *older, *newest, of_other)
    assert proofs.latest_by_network(session) == {network.id: newest, other.id: [of_other]}


def test_a_networks_proofs_are_listed_newest_first(session: Session, network: Network) -> None:
    old, new = a_proof(network, at=ago(60)), a_proof(network)
    add(session, old, new)
    assert proofs.list_all(session, network) == [new, old]


@pytest.mark.parametrize(("nat", "expected"), [(Nat.SINGLE, ["a", "a"]), (Nat.PER_AZ, ["a", "b"])])
def test_with_one_nat_gateway_all_zones_have_the_same_address(
    nat: Nat, expected: list[str]
) -> None:
    network = a_network(nat=nat)
    assert [proofs.expected_ip(network, ["a", "b"], zone) for zone in (0, 1)] == expected


def test_networks_are_proven_at_different_times_of_the_day() -> None:
    networks = [a_network() for _ in range(200)]
    hours = {int(proofs.next_in_s(each, 0.0) % proofs.DAY_S // 3600) for each in networks}
    assert len(hours) > 20
    (network, *_) = networks
    at = proofs.next_in_s(network, 0.0)
    assert proofs.next_in_s(network, at) == proofs.DAY_S, "the next day at the same time"
    assert proofs.next_in_s(network, at - 60) == proofs.DAY_S + 60, "it has just been proven"
    assert proofs.next_in_s(network, at - 2 * 3600) == 2 * 3600


def test_old_proofs_are_deleted_with_a_new_one_but_for_the_last_failure(
    scripted: CloudScope, aws: ScriptedAws, network: Network
) -> None:
    aws.answers["Invoke"] = answering({"ip": IP})
    session, day = scripted.session, 24 * 3600
    failures = [a_proof(network, seen_ip=None, at=ago(each * day)) for each in (200, 300)]
    good = [a_proof(network, at=ago(each * day)) for each in (1, 2, 89, 91, 250)]
    add(session, *failures, *good)
    (new,) = proofs.prove(scripted, network)
    assert proofs.list_all(session, network) == [new, *good[:3], failures[0]]
    add(session, *(a_proof(network, at=ago(each)) for each in range(100, 200)))
    proofs.prove(scripted, network)
    assert len(proofs.list_all(session, network)) == proofs.KEPT_PER_ZONE + 1
