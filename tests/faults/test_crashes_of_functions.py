"""kill -9 right before and right after the first calls to AWS of what a function does.

Those are the ones that ask for something; all that follow poll the stack, as a network's do, whose
calls are swept to the last one in `test_crashes`.
"""

import json
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tests.databases import prepare
from tests.faults.functions import FUNCTION_OPERATIONS, functions_world
from tests.faults.test_crashes import ended
from tests.faults.worker import Kill, Workshop
from tests.sandbox.credentials import credentials_of
from webapp.aws.clients import Clients
from webapp.db import make_engine
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.settings import Settings

CALLS_SWEPT = 4


def world(settings: Settings, clients: Clients) -> dict[str, Any]:
    engine = make_engine(settings.database)
    with Session(engine) as session:
        found = functions_world(session, clients, settings)
    engine.dispose()
    return found


def test_a_function_is_made_and_deleted_once_whenever_a_worker_is_killed(tmp_path: Path) -> None:
    with (
        Sandbox.start(tmp_path / "sandbox", pace_s=0, address_quota=10) as sandbox,
        credentials_of(sandbox),
    ):
        settings = Settings(
            data_dir=tmp_path,
            name_prefix="sweep-functions",
            regions=REGION,
            endpoints=json.loads(sandbox.environment()["EGRET_ENDPOINTS"]),
        )
        prepare(settings)
        clients = Clients(sandbox.info.aws_endpoint)
        workshop = Workshop(sandbox.info.aws_endpoint, REGION)
        for before in ("create", "upload for the network"):
            assert ended(workshop, settings, before, None)
        kills = [Kill(call, after) for call in range(1, CALLS_SWEPT + 1) for after in (False, True)]
        expected: dict[str, dict[str, Any]] = {}
        for kill in (None, *kills):
            for operation in FUNCTION_OPERATIONS:
                if not ended(workshop, settings, operation, kill):
                    assert ended(workshop, settings, operation, None)
                found = world(settings, clients)
                assert found == expected.setdefault(operation, found), f"{operation}: {kill}"
        made, gone = expected.values()
        assert made["rows"] == [("ready", "")]
        assert len(made["functions"]) == len(made["stacks"]) == 1
        assert gone["rows"] == gone["functions"] == []
