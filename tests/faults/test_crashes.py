"""kill -9 right before and right after every single call to AWS, of everything a network does.

Passes when, for every call k of create, park, unpark, change, delete and release, the restarted
worker ends where the uninterrupted one does: nothing orphaned, nothing made twice, no address lost.
"""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tests.databases import engine_of, prepare, settings_of
from tests.faults.worker import OPERATIONS, Kill, Workshop
from tests.faults.world import allocations, world
from tests.sandbox.credentials import BOUNDARY, environment_of
from webapp.aws.clients import Clients
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.settings import Settings

CALLS_MAX = 120
ALWAYS = {"create", "delete", "release"}
"""The others are left out once they have been killed at each of their calls."""


@dataclass(frozen=True)
class Outcome:
    """The world after each operation, and those during which nobody was killed."""

    worlds: list[tuple[str, dict[str, Any]]]
    survived: set[str]


class Lane:
    """One dashboard after another, each with a prefix, a user of IAM and a database of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._numbers = itertools.count()
        self._sandbox, self._folder = sandbox, folder
        self._clients = Clients(sandbox.info.aws_endpoint)
        self._workshop = Workshop(sandbox.info.aws_endpoint, REGION)
        self._workshop.warm_up(self._fresh(), OPERATIONS)

    def run(self, operations: tuple[str, ...], kill: Kill | None) -> Outcome:
        """One after the other, each killed where told and then gone on with."""
        settings = self._fresh()
        worlds, survived = [], set()
        held = allocations(self._clients, REGION)
        for operation in operations:
            if self._workshop.ended(settings, operation, kill):
                survived.add(operation)
            else:
                assert self._workshop.ended(settings, operation, None)
            before, held = held, allocations(self._clients, REGION)
            assert operation == "release" or before <= held, "an address was lost"
            worlds.append((operation, self._world(settings)))
        return Outcome(worlds, survived)

    def _fresh(self) -> Settings:
        """A dashboard that has made nothing yet, not even its foundation."""
        number = next(self._numbers)
        prefix = f"sweep-{number}"
        user = environment_of(self._sandbox, prefix)
        self._workshop.act_as(user)
        settings = settings_of(
            self._folder / str(number),
            name_prefix=prefix,
            permissions_boundary_arn=user[BOUNDARY],
            regions=REGION,
            endpoints=json.loads(self._sandbox.environment()["EGRET_ENDPOINTS"]),
        )
        prepare(settings)
        return settings

    def _world(self, settings: Settings) -> dict[str, Any]:
        engine = engine_of(settings, "world")
        with Session(engine) as session:
            found = world(session, self._clients, settings)
        engine.dispose()
        return found


def test_a_killed_worker_ends_where_an_uninterrupted_one_does(own: Sandbox, tmp_path: Path) -> None:
    """Kill at call 1, 2, 3 … of each operation, until none of them takes so many calls."""
    lane = Lane(own, tmp_path)
    expected: dict[tuple[str, ...], Outcome] = {}
    swept: set[str] = set()
    for call in range(1, CALLS_MAX):
        operations = tuple(o for o in OPERATIONS if o in ALWAYS or o not in swept)
        if operations not in expected:
            expected[operations] = lane.run(operations, None)
        found = [lane.run(operations, Kill(call, after=after)) for after in (False, True)]
        for one in found:
            assert one.worlds == expected[operations].worlds, f"killed at call {call}"
            assert call > 1 or not one.survived, "each of them makes a call, and dies of it"
        swept |= found[0].survived & found[1].survived
        if swept == set(OPERATIONS):
            return
    raise AssertionError(f"an operation takes more than {CALLS_MAX} calls")
