"""Stacks that fail as CloudFormation's do: rolled back, stuck, not deletable, or full quotas.

In all of them: the root cause is shown, it goes on by itself where it can, and no address is lost.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import Session

from tests.faults import worker
from tests.faults.conftest import Bench
from tests.faults.proxy import Rule
from webapp.aws.errors import QuotaExceeded
from webapp.errors import Conflict
from webapp.models import Nat, NewChange
from webapp.sandbox.launcher import REGION
from webapp.services import networks
from webapp.services.engine import events, leases, operation, teardown
from webapp.services.engine.leases import Work
from webapp.services.networks import change
from webapp.services.networks.operation import NetworkOperation

NAT_REASON = (
    "NatGateway nat-0a1 is in state failed and hence failed to stabilize. Detailed failure "
    "message: Network vpc-0b2 has no Internet gateway attached"
)
WONT = "has dependencies and cannot be deleted"


def fails(resource: str, when: str, reason: str = WONT, **how_often: int) -> dict[str, Any]:
    return {"resource": resource, "when": when, "reason": reason} | how_often


def said(sentence: str, code: str = "ServiceLimitExceeded") -> str:
    """As handlers put it into the reason of a stack event."""
    service = "(Service: Ec2, Status Code: 400, Request ID: 0-0) (SDK Attempt Count: 1)"
    ends = f"(RequestToken: 0-0, HandlerErrorCode: {code})"
    return f'Resource handler returned message: "{sentence}. {service}" {ends}'


def stuck(times: int) -> tuple[dict[str, Any], ...]:
    """The change fails when the endpoint has been changed already; to change it back fails too."""
    back = fails("S3Endpoint", "update", "No way back", skip=1, times=times)
    return fails("Probe2", "create", "No"), back


def asked_again(bench: Bench) -> None:
    """An update whose answer was lost is repeated while the stack is busy with it: no error."""
    unclaimed = Work(bench.session, bench.network.owner, fence=0, due_at=0)
    parking = NetworkOperation(unclaimed, bench.network, bench.cloud, bench.settings)
    plan = parking.plan(parked=True)
    assert bench.cloud.stacks.update(plan, bench.network.stack_id or "", token="again")


def again(bench: Bench) -> None:
    networks.retry(bench.scope, worker.NAME)
    bench.drive()


@pytest.fixture(params=["AddressLimitExceeded", "VpcLimitExceeded", "NatGatewayLimitExceeded"])
def full(request: pytest.FixtureRequest, bench: Bench) -> Iterator[str]:
    """A region in which one quota is used up by others; gives how that is told."""
    ec2: Any = bench.clients.ec2(REGION)
    addresses, vpcs, nats = [], [], []
    told = {
        "AddressLimitExceeded": "40 of 40 Elastic IP addresses",
        "VpcLimitExceeded": "5 of 5 VPCs",
        "NatGatewayLimitExceeded": f"5 of 5 NAT gateways in {REGION}a",
    }[request.param]
    if request.param == "VpcLimitExceeded":
        room = 5 - len(ec2.describe_vpcs()["Vpcs"])
        vpcs = [ec2.create_vpc(CidrBlock=f"10.{90 + n}.0.0/16")["Vpc"] for n in range(room)]
    else:
        count = 40 if request.param == "AddressLimitExceeded" else 5
        addresses = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(count)]
    if request.param == "NatGatewayLimitExceeded":
        zone_a = [{"Name": "availability-zone", "Values": [f"{REGION}a"]}]
        subnet = ec2.describe_subnets(Filters=zone_a)["Subnets"][0]["SubnetId"]
        for address in addresses:
            made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
            nats.append(made["NatGateway"]["NatGatewayId"])
    yield told
    for nat in nats:
        ec2.delete_nat_gateway(NatGatewayId=nat)
    for address in addresses:
        ec2.release_address(AllocationId=address)
    for vpc in vpcs:
        ec2.delete_vpc(VpcId=vpc["VpcId"])


def test_a_full_quota_is_told_with_its_limit_and_nothing_is_left(bench: Bench, full: str) -> None:
    before = (bench.allocations(), bench.world()["nat_gateways"], bench.world()["vpcs"])
    with pytest.raises(QuotaExceeded) as refused:
        bench.do("create")
    assert f"{full}" in refused.value.detail
    assert "servicequotas" in refused.value.remedy
    bench.session.rollback()
    after = (bench.allocations(), bench.world()["nat_gateways"], bench.world()["vpcs"])
    assert before == after
    assert bench.world()["network"] is None


def test_a_quota_that_fills_up_half_way_leaves_nothing_but_the_address(bench: Bench) -> None:
    """Somebody else took the last one between the look and the creation."""
    bench.switch(fails("Vpc", "create", said("The maximum number of VPCs has been reached")))
    bench.do("create")
    assert (bench.status, bench.world()["nat_gateways"], bench.world()["vpcs"]) == ("failed", 0, 0)
    assert "servicequotas" in bench.network.remedy
    assert "In use now: 1 of 5 VPCs in eu-central-1." in bench.network.reason, "the default one"
    assert bench.network.monthly_cost_usd == 3.65


def test_a_nat_gateway_that_fails_is_the_root_cause_and_a_retry_uses_its_address(
    bench: Bench,
) -> None:
    """ROLLBACK_COMPLETE: the stack is deleted and made anew."""
    bench.switch(fails("NatGateway1", "create", NAT_REASON))
    bench.do("create")
    assert bench.status == "failed"
    assert bench.network.reason == f"NatGateway1: {NAT_REASON}"
    assert bench.world()["nat_gateways"] == 0
    held = bench.allocations()
    again(bench)
    assert (bench.status, bench.allocations()) == ("ready", held)


def test_a_rollback_that_failed_is_cleared_by_the_next_attempt(bench: Bench) -> None:
    denied = said("You are not authorized. Encoded authorization failure message: x")
    bench.switch(
        fails("NatGateway1", "create", f"API: ec2:CreateNatGateway {denied}"),
        fails("Vpc", "delete"),
    )
    bench.do("create")
    assert bench.status == "failed"
    assert "Allow ec2:CreateNatGateway in" in bench.network.remedy
    assert ("-network-swept", "ROLLBACK_FAILED") in bench.world()["stacks"]
    held = bench.allocations()
    again(bench)
    assert (bench.status, bench.allocations(), bench.world()["vpcs"]) == ("ready", held, 1)


def test_an_update_that_failed_goes_back_to_what_was(bench: Bench) -> None:
    bench.do("create")
    bench.switch(fails("NatGateway1", "delete"))
    bench.do("park")
    assert bench.status == "parked"
    assert bench.world()["nat_gateways"] == 0, "CloudFormation gave up on it, Egret did not"
    bench.switch(fails("NatGateway1", "create", NAT_REASON))
    bench.do("unpark")
    assert (bench.status, bench.world()["nat_gateways"]) == ("parked", 0)
    assert NAT_REASON in bench.network.reason
    bench.do("unpark")
    assert bench.status == "ready"


def test_a_rollback_that_is_stuck_is_continued_by_itself(bench: Bench) -> None:
    """UPDATE_ROLLBACK_FAILED, then the shape that was before; the change may be confirmed again."""
    bench.do("create")
    bench.switch(*stuck(times=2))
    bench.do("change")
    assert (bench.status, bench.network.availability_zones) == ("ready", 1)
    assert "Probe2: No" in bench.network.reason
    assert ("-network-swept", "UPDATE_ROLLBACK_COMPLETE") in bench.world()["stacks"]
    held = bench.allocations()
    bench.do("change")
    assert (bench.status, bench.network.availability_zones) == ("ready", 2)
    assert bench.allocations() == held


def test_a_rollback_that_stays_stuck_is_the_persons_turn(bench: Bench) -> None:
    bench.do("create")
    bench.switch(*stuck(times=99))
    bench.do("change")
    assert bench.status == "failed"
    assert bench.network.attempts == operation.ROLLBACKS_MAX + 1
    assert bench.network.reason == "Probe2: No"
    held = bench.allocations()
    bench.switch()
    again(bench)
    assert (bench.status, bench.allocations()) == ("ready", held)


def test_what_aws_will_not_delete_may_be_left_behind(bench: Bench) -> None:
    bench.do("create")
    bench.switch(fails("Vpc", "delete", "The vpc is shared", times=99))
    bench.do("delete")
    assert bench.status == "failed"
    assert bench.network.attempts == teardown.ATTEMPTS_MAX
    assert bench.network.monthly_cost_usd == 3.65, "the NAT gateway is gone"
    (left,) = teardown.undeleted(bench.session, bench.network)
    assert (left.logical_id, left.reason) == ("Vpc", "The vpc is shared")
    networks.delete(bench.scope, worker.NAME, typed=worker.NAME, retain=["Vpc"])
    bench.drive()
    assert bench.world()["network"] is None
    assert bench.world()["vpcs"] == 1
    bench.clients.ec2(REGION).delete_vpc(VpcId=left.physical_id)


def test_a_deletion_that_is_refused_half_way_costs_what_is_left(bench: Bench) -> None:
    bench.do("create")
    bench.switch(fails("Vpc", "delete"))
    worker.OPERATIONS["delete"](bench.scope)
    bench.until(lambda: bench.network.attempts > 1)
    refusal = Rule("DeleteStack", "refuse", code="ValidationError", message="It may not be.")
    bench.proxy.add(refusal)
    bench.drive()
    assert (bench.status, bench.network.monthly_cost_usd) == ("failed", 3.65)
    assert "It may not be." in bench.network.reason


def test_another_attempt_whose_answer_was_lost_is_found_by_the_deletion(bench: Bench) -> None:
    """The row still tells of the first attempt's stack, which is gone."""
    bench.switch(fails("NatGateway1", "create"))
    bench.do("create")
    bench.switch()
    lost = bench.proxy.add(Rule("CreateStack", "lose_answer", times=99))
    networks.retry(bench.scope, worker.NAME)
    bench.until(lost.seen.is_set)
    lost.times = 0
    bench.do("delete")
    assert bench.world()["network"] is None
    assert [name for name, _ in bench.world()["stacks"]] == ["-foundation"]
    assert bench.world()["nat_gateways"] == 0


def test_a_change_is_not_withdrawn_while_its_address_is_allocated(bench: Bench) -> None:
    bench.do("create")
    with Session(bench.session.get_bind()) as other:
        assert leases.begin(other, bench.network.owner)
        change.create(bench.scope, worker.NAME, NewChange(availability_zones=2, nat=Nat.PER_AZ))
        with pytest.raises(Conflict, match="are being allocated"):
            change.withdraw(bench.scope, worker.NAME)
    worker.outlive(bench.session)
    bench.drive()
    change.withdraw(bench.scope, worker.NAME)
    assert bench.world()["agree"]
    assert len(bench.allocations()) == 2


def test_another_attempt_at_a_deletion_that_failed_deletes(bench: Bench) -> None:
    bench.do("create")
    bench.switch(fails("NatGateway1", "delete", times=99))
    bench.do("delete")
    assert (bench.status, bench.network.monthly_cost_usd) == ("failed", 36.5)
    bench.switch()
    again(bench)
    assert bench.world()["network"] is None
    assert bench.world()["vpcs"] == 0


def test_what_fails_now_and_then_is_tried_again(bench: Bench) -> None:
    """A creation that IAM was not ready for, once; a deletion more often."""
    lag = said("The role defined for the function cannot be assumed by Lambda", "InvalidRequest")
    bench.switch(fails("Probe1", "create", lag))
    bench.do("create")
    assert (bench.status, bench.network.reason) == ("ready", "")
    bench.switch(fails("Vpc", "delete", times=2))
    bench.do("delete")
    assert bench.world()["network"] is None
    assert bench.world()["vpcs"] == 0


def test_a_nat_gateway_that_hangs_while_it_is_deleted_is_shown_and_waited_for(
    bench: Bench,
) -> None:
    bench.do("create")
    bench.switch({"resource": "NatGateway1", "when": "delete", "hold": True})
    worker.OPERATIONS["park"](bench.scope)

    def is_going() -> bool:
        told = events.list_after(bench.session, bench.network)
        return ("NatGateway1", "DELETE_IN_PROGRESS") in {(e.logical_id, e.status) for e in told}

    bench.until(is_going)
    bench.steps(10)
    assert bench.status == "parking"
    asked_again(bench)
    bench.switch()
    bench.drive()
    assert (bench.status, bench.world()["nat_gateways"]) == ("parked", 0)


def test_a_protected_network_is_not_deleted_and_nothing_is_begun(bench: Bench) -> None:
    bench.do("create")
    networks.protect(bench.scope, worker.NAME, on=True)
    with pytest.raises(Conflict, match="protected"):
        bench.do("delete")
    assert bench.status == "ready"
    networks.protect(bench.scope, worker.NAME, on=False)
