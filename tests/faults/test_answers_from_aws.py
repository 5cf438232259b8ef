"""Answers that are lost, slowed down, or refused half way; each is survived and told."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from tests.clouds import boto_session, connected
from tests.faults import worker
from tests.faults.conftest import Bench
from tests.faults.proxy import Rule
from tests.faults.worker import OPERATIONS
from webapp.aws.clients import Clients
from webapp.aws.errors import AccessDenied, ClockOff, NotReached
from webapp.aws.pace import LocalTurns, Pace
from webapp.models import Site, Status
from webapp.sandbox.launcher import REGION
from webapp.services import addresses
from webapp.services.addresses.comparison import compare_with_aws

CHANGING = {
    "create": ["AllocateAddress", "CreateStack"],
    "park": ["UpdateStack"],
    "unpark": ["UpdateStack"],
    "change": ["AllocateAddress", "CreateChangeSet", "DeleteChangeSet", "UpdateStack"],
    "delete": ["DeleteStack"],
    "release": ["ReleaseAddress"],
}
MINUTES_OFF = 20
THROTTLED_FOR_S = 60.0


@pytest.mark.parametrize("kind", ["lose_answer", "lose_request"])
def test_a_lost_answer_or_request_changes_nothing_about_the_end(bench: Bench, kind: str) -> None:
    """Every changing call of every operation: nothing is made twice, and nothing is left out."""
    uninterrupted = {}
    for operation in OPERATIONS:
        bench.do(operation)
        uninterrupted[operation] = bench.world()
    for operation in OPERATIONS:
        rules = [bench.proxy.add(Rule(action, kind)) for action in CHANGING[operation]]
        bench.do(operation)
        assert bench.world() == uninterrupted[operation], operation
        assert not [rule for rule in rules if rule.times], f"{operation} made no such call"


def test_a_minute_of_throttling_ends_in_ready_at_a_call_a_second(bench: Bench) -> None:
    """The minute is virtual: it passes while the pace waits. botocore's own waits are taken out."""
    OPERATIONS["create"](bench.scope)
    code, message = "RequestLimitExceeded", "Request limit exceeded."
    rule = bench.proxy.add(Rule("*", "refuse", times=999, code=code, message=message))
    now, sent = [0.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] >= THROTTLED_FOR_S:
            rule.times = 0

    boto = boto_session(REGION)
    boto.events.register("response-received", lambda **_: sent.append(now[0]))
    pace = Pace(LocalTurns(lambda: now[0]), sleep)
    clients = Clients(bench.proxy.url, boto, pace=pace, attempts=1)
    worker.drive(bench.session, connected(clients, poll_s=worker.POLL_S), bench.settings)
    assert bench.status == Status.READY
    assert now[0] >= THROTTLED_FOR_S
    refused = [at for at in sent if at < THROTTLED_FOR_S]
    assert len(refused) > THROTTLED_FOR_S / 2
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(refused))


def test_an_error_of_awss_own_without_a_code_delays_a_network_and_does_no_more(
    bench: Bench,
) -> None:
    bench.do("create")
    rule = bench.proxy.add(Rule("DescribeStacks", "refuse", times=5, status=503))
    bench.do("park")
    assert (bench.status, rule.times) == (Status.PARKED, 0)


def test_an_address_whose_answer_was_lost_is_found_by_the_next_round(bench: Bench) -> None:
    bench.proxy.add(Rule("AllocateAddress", "lose_answer"))
    with pytest.raises(NotReached):
        addresses.create(bench.scope, site=Site(None, REGION))
    worker.outlive(bench.session)
    bench.session.expire_all()
    compare_with_aws(bench.scope, Site(None, REGION))
    (found,) = addresses.free(bench.session)
    assert {found.allocation_id} == bench.allocations()


@pytest.mark.parametrize("code", ["ExpiredToken", "UnrecognizedClientException"])
def test_an_operation_pauses_when_credentials_expire_and_resumes_by_itself(
    bench: Bench, code: str
) -> None:
    bench.do("create")
    rule = bench.proxy.add(Rule("*", "refuse", times=999, code=code, message="The token expired"))
    OPERATIONS["park"](bench.scope)
    bench.steps(3)
    assert bench.status == Status.PARKING
    assert code in bench.network.reason
    assert "credentials" in bench.network.remedy.lower()
    rule.times = 0
    bench.drive()
    assert bench.status == Status.PARKED
    assert bench.network.reason == ""


def test_a_permission_that_was_revoked_is_named(bench: Bench) -> None:
    message = "User: egret is not authorized to perform: cloudformation:CreateStack on it"
    rule = Rule("CreateStack", "refuse", times=999, code="AccessDenied", message=message)
    bench.proxy.add(rule)
    OPERATIONS["create"](bench.scope)
    bench.steps(3)
    held = bench.allocations()
    assert bench.status == Status.REQUESTED
    assert "Allow cloudformation:CreateStack" in bench.network.remedy
    rule.times = 0
    bench.drive()
    assert bench.status == Status.READY
    assert bench.allocations() == held


def test_before_anything_is_begun_credentials_are_an_answer(bench: Bench) -> None:
    rule = bench.proxy.add(
        Rule("*", "refuse", times=999, code="ExpiredToken", message="It expired")
    )
    with pytest.raises(AccessDenied):
        bench.do("create")
    rule.times = 0
    bench.session.rollback()
    assert bench.world()["network"] is None


@pytest.mark.parametrize(
    ("code", "off", "said"),
    [
        ("SignatureDoesNotMatch", MINUTES_OFF, "20 minutes behind AWS"),
        ("AuthFailure", -MINUTES_OFF, "20 minutes ahead of AWS"),
    ],
)
def test_a_wrong_clock_is_told_with_its_offset(
    bench: Bench, code: str, off: int, said: str
) -> None:
    """AWS's own date is in every answer; here its clock is moved instead of ours."""
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=off), usegmt=True)
    message = "Signature expired"
    bench.proxy.add(
        Rule("*", "refuse", times=30, code=code, message=message, headers={"Date": date})
    )
    with pytest.raises(ClockOff) as error:
        bench.do("create")
    assert said in error.value.detail
    assert "NTP" in error.value.remedy
