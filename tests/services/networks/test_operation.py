"""What the background does with a network, as far as it is decided without waiting for AWS."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.services.rows import (
    REGION,
    ZONES,
    a_function,
    a_key,
    a_network,
    a_stack_event,
    add,
    an_address,
)
from tests.services.scripted import STACK_ID, ScriptedAws, a_stack, refusal
from webapp.aws.cloudformation.stacks import Plan
from webapp.aws.tags import tags_of
from webapp.models import Address, AddressStatus, Lease, Nat, Network, Shape, Site, Status
from webapp.models.lease import PROOF
from webapp.scope import CloudScope
from webapp.services import addresses
from webapp.services.engine import leases
from webapp.services.engine.operation import RETRY_S
from webapp.services.networks.operation import NetworkOperation, drop_change

SECOND_IP = "203.0.113.8"
PER_ZONE = {"availability_zones": 2, "nat": "per_az", "preview": []}
QUOTA_REASON = "Nat: The maximum number of addresses has been reached. (AddressLimitExceeded)"


def begun(scope: CloudScope, **columns: Any) -> NetworkOperation:
    """A claimed network, with the one address that it has."""
    network = a_network(stack_id=STACK_ID, **columns)
    add(scope.session, network, an_address(network))
    work = leases.begin(scope.session, network.owner)
    assert work is not None
    return NetworkOperation(work, network, scope.own, scope.settings)


def due(scope: CloudScope) -> set[str]:
    return {lease.resource for lease in scope.session.exec(select(Lease))}


def show_zones(aws: ScriptedAws) -> None:
    zones = [{"ZoneName": name, "ZoneId": name} for name in ZONES]
    aws.answers["DescribeAvailabilityZones"] = {"AvailabilityZones": zones}


def test_a_plan_keeps_the_zones_that_the_network_has_in_their_order(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show_zones(aws)
    operation = begun(scripted, outputs={"AvailabilityZones": ZONES[1]})
    plan = operation.plan(shape=Shape(2, Nat.SINGLE))
    zones = [plan.parameters[f"AvailabilityZone{number}"] for number in (1, 2)]
    assert zones == [ZONES[1], ZONES[0]]


def test_a_networks_tags_go_with_those_of_the_settings_to_its_stack_and_its_addresses(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show_zones(aws)
    aws.answers |= {
        "CreateTags": {},
        "DescribeStacks": a_stack("CREATE_COMPLETE", KeyArn="arn"),
        "CreateStack": {"StackId": STACK_ID},
        "UpdateStack": {},
    }
    settings = scripted.settings.model_copy(update={"tags": {"team": "pay", "env": "x"}})
    tagged = replace(scripted, settings=settings)
    operation = begun(tagged, status=Status.REQUESTED, tags={"env": "prod"})
    assert operation.plan().tags == {
        "team": "pay",
        "env": "prod",
        "egret:managed": "true",
        "egret:network": "net",
    }
    operation.advance()
    (request,) = aws.calls("CreateTags")
    assert tags_of(request) == {"team": "pay", "env": "prod"}, "of an address that was free before"


def test_a_pending_change_that_aws_refuses_is_dropped_with_the_reason(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {
        "DescribeAddresses": {"Addresses": []},
        "AllocateAddress": refusal("AddressLimitExceeded", "too many addresses"),
    }
    operation = begun(scripted, change=PER_ZONE)
    network = operation.row
    add(scripted.session, Address(region=REGION, network_id=network.id, position=1))
    operation.advance()
    assert (network.status, network.change) == (Status.READY, {})
    assert "too many addresses" in network.reason
    assert "higher quota" in network.remedy
    assert len(addresses.of_network(scripted.session, network.id)) == 1


def test_a_pending_change_waits_while_aws_does_not_answer(offline: CloudScope) -> None:
    operation = begun(offline, change=PER_ZONE)
    add(offline.session, an_address(operation.row, SECOND_IP, position=1))
    operation.advance()
    assert operation.row.change == PER_ZONE
    assert len(addresses.of_network(offline.session, operation.row.id)) == 2
    assert offline.session.exec(select(Lease)).all()


def test_a_pending_change_waits_for_a_missing_permission(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    aws.answers |= {
        "DescribeAddresses": {"Addresses": []},
        "AllocateAddress": refusal("UnauthorizedOperation", "not allowed"),
    }
    operation = begun(scripted, change=PER_ZONE)
    add(scripted.session, Address(region=REGION, network_id=operation.row.id, position=1))
    operation.advance()
    assert operation.row.change == PER_ZONE
    assert "not allowed" in operation.row.reason
    assert scripted.session.exec(select(Lease)).all()


def test_nothing_is_left_to_do_for_a_ready_network_without_a_change(offline: CloudScope) -> None:
    begun(offline).advance()
    assert not offline.session.exec(select(Lease)).all()


def test_a_dropped_change_frees_what_was_allocated_for_it(
    session: Session, offline: CloudScope
) -> None:
    network = begun(offline, change=PER_ZONE).row
    new = an_address(network, SECOND_IP, position=1)
    add(session, new)
    drop_change(session, offline.own, network)
    assert (network.change, new.status, new.network_id) == ({}, AddressStatus.FREE, None)


def test_a_quota_that_filled_up_half_way_is_reported_with_what_is_in_use(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show_zones(aws)
    aws.answers |= {
        "DescribeAddresses": {"Addresses": [{}, {}]},
        "DescribeVpcs": {"Vpcs": []},
        "DescribeInternetGateways": {"InternetGateways": []},
        "DescribeNatGateways": {"NatGateways": []},
        "GetServiceQuota": {"Quota": {"Value": 2}},
    }
    operation = begun(scripted)
    operation.row.reason = "not committed, so the database is held"
    told = operation.explain(QUOTA_REASON)
    assert told == f"{QUOTA_REASON} In use now: 2 of 2 Elastic IP addresses in {REGION}."


@pytest.mark.parametrize("reason", ["Vpc: no such thing", QUOTA_REASON])
def test_a_reason_stays_as_it_is_unless_aws_shows_the_quota_in_it(
    offline: CloudScope, reason: str
) -> None:
    assert begun(offline).explain(reason) == reason


def test_the_functions_of_a_changed_network_follow_it(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    show_zones(aws)
    operation = begun(scripted, status=Status.UPDATING, change=PER_ZONE)
    network, key = operation.row, a_key()
    follows = a_function(network, key, "follows")
    parted = a_function(network, key, "failed", status=Status.FAILED)
    second = an_address(network, SECOND_IP, position=1)
    add(scripted.session, second, key, follows, parted)
    aws.show_stack("UPDATE_COMPLETE", AvailabilityZones=",".join(ZONES), ProbeFunctionNames="a,b")
    aws.answers["UpdateStack"] = refusal("ValidationError", "No updates are to be performed.")
    operation.advance()
    assert (network.status, network.change) == (Status.READY, {})
    assert network.shape == Shape(2, Nat.PER_AZ)
    assert (follows.status, parted.status) == (Status.UPDATING, Status.FAILED)
    assert due(scripted) == {follows.owner, f"{PROOF}:{network.id}"}


def test_a_first_proof_that_aws_could_not_make_is_made_a_few_seconds_later(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.CREATING)
    running = {"NatGatewayIds": "nat-1", "AvailabilityZones": ZONES[0], "ProbeFunctionNames": "a"}
    aws.show_stack("CREATE_COMPLETE", **running)
    aws.answers["Invoke"] = refusal("TooManyRequestsException", status=429)
    operation.advance()
    assert operation.row.status is Status.READY
    assert due(scripted) == {f"{PROOF}:{operation.row.id}"}
    in_s = leases.due_in_s(scripted.session)
    assert in_s and 0 < in_s <= RETRY_S


def test_a_network_that_is_gone_leaves_its_address_free(offline: CloudScope) -> None:
    operation = begun(offline, status=Status.DELETING)
    operation.row.stack_id = None
    operation.advance()
    assert not offline.session.exec(select(Network)).all()
    assert len(addresses.free(offline.session, Site(None, REGION))) == 1


def test_interfaces_that_lambda_holds_are_waited_for_before_a_failed_creation_is_cleared_again(
    scripted: CloudScope, aws: ScriptedAws
) -> None:
    operation = begun(scripted, status=Status.REQUESTED, outputs={"VpcId": "vpc-1"})
    network, interface = operation.row, {"NetworkInterfaceId": "eni-1", "Status": "in-use"}
    failed = a_stack_event(network, "DELETE_FAILED", operation_id=f"{network.operation_id}-clear")
    add(scripted.session, failed)
    aws.answers |= {
        "DescribeStacks": a_stack("DELETE_FAILED"),
        "DescribeStackEvents": {"StackEvents": []},
        "DescribeNetworkInterfaces": {"NetworkInterfaces": [interface]},
    }
    operation.create_stack(Plan(REGION, "net", "{}", parameters={}, tags={}))
    assert network.status is Status.REQUESTED
    assert network.reason == "Waiting for Lambda to release 1 network interface: eni-1."
