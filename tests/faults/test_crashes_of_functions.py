"""kill -9 right before and right after the calls to AWS that ask for something for a function.

All others poll the stack, as a network's do, whose calls are swept to the last one in
`test_crashes`. The creation fails at first, so that it is tried again.
"""

import json
import os
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tests import plain_http
from tests.databases import engine_of, prepare, settings_of
from tests.faults.functions import CHANGED_MB, FUNCTION_OPERATIONS, NAME, functions_world
from tests.faults.worker import Kill, Workshop
from tests.sandbox.credentials import BOUNDARY, credentials_of, environment_of
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.settings import Settings

ASKING = frozenset({"CreateStack", "UpdateStack", "DeleteStack"})
PREFIX = "sweep-functions"
ASKING_MAX = 2
"""Another attempt deletes what is left of the first one, and creates the stack."""
ASKING_ONCE = ("update function", "change function", "roll back function")
DEFAULT_MB = 256
FAILING = "create function"
REASON = (
    "User with accountId: 000000000000 is not authorized to perform CreateLogGroup with Tags. An "
    'additional permission "logs:TagResource" is required. (Service: CloudWatchLogs)'
)
"""The other attempt is killed in its place: both ask alike."""


def world(settings: Settings, clients: Clients) -> dict[str, Any]:
    engine = engine_of(settings, "world")
    with Session(engine) as session:
        found = functions_world(session, clients, settings)
    engine.dispose()
    return found


def fail_once(sandbox: Sandbox, stack: str) -> None:
    """The next creation of the stack fails at its first resource."""
    switch = {"stack": stack, "resource": "LogGroup", "when": "create", "reason": REASON}
    user = (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    url = f"{sandbox.info.aws_endpoint}/_egret/switches"
    plain_http.put(url, json=[switch], auth=user).raise_for_status()


def test_what_a_function_does_is_done_once_whenever_a_worker_is_killed(tmp_path: Path) -> None:
    with (
        Sandbox.start(tmp_path / "sandbox", pace_s=0, address_quota=10) as sandbox,
        credentials_of(sandbox),
    ):
        user = environment_of(sandbox, PREFIX)
        settings = settings_of(
            tmp_path,
            name_prefix=PREFIX,
            permissions_boundary_arn=user[BOUNDARY],
            regions=REGION,
            endpoints=json.loads(sandbox.environment()["EGRET_ENDPOINTS"]),
        )
        prepare(settings)
        clients = Clients(sandbox.info.aws_endpoint)
        workshop = Workshop(sandbox.info.aws_endpoint, REGION)
        workshop.act_as(user)
        for before in ("create", "upload for the network"):
            assert workshop.ended(settings, before, None)
        calls = range(1, ASKING_MAX + 1)
        kills = [Kill(call, after, ASKING) for call in calls for after in (False, True)]
        expected: dict[str, dict[str, Any]] = {}
        for kill in (None, *kills):
            fail_once(sandbox, f"{settings.name_prefix}-function-{NAME}")
            for operation in FUNCTION_OPERATIONS:
                if kill and kill.call > 1 and operation in ASKING_ONCE:
                    continue
                strikes = None if operation == FAILING else kill
                if not workshop.ended(settings, operation, strikes):
                    assert workshop.ended(settings, operation, None)
                found = world(settings, clients)
                assert found == expected.setdefault(operation, found), f"{operation}: {kill}"
        failed, made, followed, changed, back, gone = expected.values()
        assert failed["rows"] == [("failed", f"LogGroup: {REASON}")]
        assert "Allow logs:TagResource in" in failed["remedies"][0]
        assert failed["functions"] == []
        assert made["rows"] == followed["rows"] == [("ready", "")]
        for there, subnets in ((made, 1), (followed, 2)):
            assert len(there["stacks"]) == 1
            assert [count for _, count in there["functions"]] == [subnets]
        assert [each["live"] for each in (followed, changed, back)] == [
            [(DEFAULT_MB, 1)],
            [(CHANGED_MB, 1)],
            [(DEFAULT_MB, 1)],
        ]
        assert back["revisions"] == [(1, "replaced"), (2, "replaced"), (3, "live")]
        assert gone["rows"] == gone["functions"] == []
