"""A permission is missing: the page says which, who refuses it and who can fix it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults import worker
from tests.faults.conftest import Bench
from tests.sandbox.credentials import put_switches
from webapp.models import Status
from webapp.sandbox.launcher import Sandbox
from webapp.services import networks

MISSING = "ec2:CreateNatGateway"
ALL_BUT = {"Effect": "Allow", "NotAction": [MISSING], "Resource": "*"}
DENIED = [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": MISSING, "Resource": "*"},
]
DOES_NOT_GO_ON = "Then try again: what failed does not go on automatically."
Limit = Callable[..., None]


@pytest.fixture
def limit(own: Sandbox) -> Iterator[Limit]:
    """Limits the account; without any limit, nothing is refused any more."""

    def put(**switch: Any) -> None:
        put_switches(own.info, [switch] if switch else [])

    yield put
    put()


@pytest.mark.parametrize(
    ("refusing", "said"),
    [
        (
            {"deny_actions": [MISSING]},
            [f"Allow {MISSING} in the dashboard's policy", "egret policy"],
        ),
        ({"boundary": {"Statement": [ALL_BUT]}}, ["permissions boundary"]),
        (
            {"scp": {"Statement": DENIED}},
            ["service control policy", "organization's administrator"],
        ),
    ],
)
def test_a_creation_without_a_permission_is_rolled_back_and_says_who_can_fix_it(
    bench: Bench, limit: Limit, refusing: dict[str, Any], said: list[str]
) -> None:
    limit(**refusing)
    bench.do("create")
    assert bench.status == Status.FAILED
    assert f"is not authorized to perform: {MISSING} on resource: arn:" in bench.network.reason
    for words in said:
        assert words in bench.network.remedy
    assert bench.network.remedy.endswith(DOES_NOT_GO_ON)
    left = bench.world()
    assert (left["nat_gateways"], left["vpcs"], left["agree"]) == (0, 0, True)
    held = bench.allocations()
    limit()
    bench.steps(3)
    assert bench.status == Status.FAILED
    networks.retry(bench.scope, worker.NAME)
    bench.drive()
    assert bench.status == Status.READY
    assert bench.allocations() == held


@pytest.mark.parametrize("missing", ["ec2:AllocateAddress", "cloudformation:CreateStack"])
def test_a_creation_that_may_not_begin_goes_on_by_itself_once_it_may(
    bench: Bench, limit: Limit, missing: str
) -> None:
    limit(deny_actions=[missing])
    worker.OPERATIONS["create"](bench.scope)
    bench.steps(3)
    assert bench.status == Status.REQUESTED
    assert missing in bench.network.reason
    assert f"Allow {missing} in the dashboard's policy" in bench.network.remedy
    assert bench.network.remedy.endswith("Once that is done, Egret continues automatically.")
    limit()
    bench.drive()
    assert bench.status == Status.READY
