"""kill -9 right before and right after every single call to AWS, of everything a key does.

Passes when the restarted worker ends where the uninterrupted one does, and the row says what the
secret is. The secret is in no row, so the person uploads again what did not arrive.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from tests.databases import engine_of, prepare, settings_of
from tests.faults.keys import FIRST, KEY_OPERATIONS, SECOND, fingerprint, keys_world
from tests.faults.test_crashes import CALLS_MAX
from tests.faults.worker import Kill, Workshop
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import REGION, Sandbox

World = dict[str, Any]
ENDS = {
    "upload": [fingerprint(FIRST)],
    "rotate": [fingerprint(SECOND)],
    "go back": [fingerprint(FIRST)],
    "delete key": [],
}
"""What functions read after each operation."""


class Desk:
    """One dashboard, where a key is uploaded, rotated and deleted again and again."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._clients = Clients(sandbox.info.aws_endpoint)
        self._workshop = Workshop(sandbox.info.aws_endpoint, REGION)
        self._settings = settings_of(
            folder,
            name_prefix="sweep-keys",
            regions=REGION,
            endpoints=json.loads(sandbox.environment()["EGRET_ENDPOINTS"]),
        )
        prepare(self._settings)

    def run(self, kill: Kill | None) -> tuple[list[World], set[str]]:
        """The world after each operation, and those during which nobody was killed."""
        worlds, survived = [], set()
        for operation in KEY_OPERATIONS:
            if self._workshop.ended(self._settings, operation, kill):
                survived.add(operation)
            else:
                assert self._workshop.ended(self._settings, operation, None)
            worlds.append(self._world())
        return worlds, survived

    def _world(self) -> World:
        engine = engine_of(self._settings, "world")
        with Session(engine) as session:
            found = keys_world(session, self._clients, self._settings)
        engine.dispose()
        return found


@pytest.mark.parametrize("after", [False, True], ids=["before a call", "after a call"])
def test_a_key_agrees_with_its_secret_whenever_a_worker_is_killed(
    tmp_path: Path, sandbox: Sandbox, *, after: bool
) -> None:
    desk = Desk(sandbox, tmp_path)
    expected, _ = desk.run(None)
    assert [world["current"] for world in expected] == [*ENDS.values()]
    swept: set[str] = set()
    for call in itertools.count(1):
        assert call < CALLS_MAX
        found, survived = desk.run(Kill(call, after=after))
        assert found == expected, f"killed at call {call}"
        assert call > 1 or not survived, "each of them makes a call, and dies of it"
        swept |= survived
        if swept == set(KEY_OPERATIONS):
            return
