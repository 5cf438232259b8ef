"""kill -9 right before and right after every single call to AWS, of everything a caller does.

Passes when the restarted worker ends where the uninterrupted one does: one key for each row, which
opens the endpoint, and none without a row. A key that was not shown is of no use, so the person
adds the caller again.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.databases import prepare
from tests.faults.callers import CALLER_OPERATIONS, NAME, QUOTA, WITH_CALLERS, callers_world
from tests.faults.test_crashes import CALLS_MAX, ended
from tests.faults.worker import Kill, Workshop
from tests.sandbox.lab import Lab, ref
from tests.sandbox.mock_api import mock_api
from tests.services.rows import a_function, a_key, a_network, add
from webapp.aws.clients import Clients
from webapp.db import make_engine
from webapp.models import Key, Network
from webapp.sandbox.launcher import REGION, Sandbox
from webapp.settings import Settings

ONE = {"functions": 1, "keys": [True], "answers": [200]}
NONE: dict[str, Any] = {"rows": [], "keys": [], "plans": [], "answers": []}
DELETING = ("DeleteApiKey", "DeleteUsagePlan")
ADD, (DELETE,) = "add caller", WITH_CALLERS
EVERY = frozenset({*CALLER_OPERATIONS, *WITH_CALLERS})


class Desk:
    """One dashboard with one function, whose callers come and go."""

    def __init__(self, sandbox: Sandbox, clients: Clients, api_id: str, folder: Path) -> None:
        self._clients, self._api_id = clients, api_id
        self._url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api_id}/live/"
        self._workshop = Workshop(sandbox.info.aws_endpoint, REGION)
        self._settings = Settings(data_dir=folder, name_prefix="sweep-callers", regions=REGION)
        prepare(self._settings)

    def run(
        self, operations: Iterable[str], kill: Kill | None, killed: Collection[str] = EVERY
    ) -> tuple[list[Any], set[str]]:
        """The world after each operation, and those of `killed` during which nobody was killed."""
        worlds, survived = [], set()
        for operation in operations:
            strikes = kill if operation in killed else None
            if ended(self._workshop, self._settings, operation, strikes):
                survived.add(operation)
            else:
                assert ended(self._workshop, self._settings, operation, None)
            with self._session() as session:
                found = callers_world(session, self._clients, self._settings, self._url)
            worlds.append(found)
        return worlds, survived & {*killed}

    def add_function(self) -> None:
        """A row that says where the endpoint is; no stack is behind it."""
        outputs = {"RestApiId": self._api_id, "StageName": "live"}
        with self._session() as session:
            network = session.exec(select(Network)).first() or a_network(region=REGION)
            key = session.exec(select(Key)).first() or a_key()
            function = a_function(network, key, NAME, outputs=outputs)
            add(session, network, key, function)

    def _session(self) -> Session:
        return Session(make_engine(self._settings.database))


@pytest.fixture
def desk(sandbox: Sandbox, clients: Clients, tmp_path: Path) -> Iterator[Desk]:
    lab = Lab(clients, REGION)
    api_id = lab.deployed(mock_api(ApiKeyRequired=True), {"Api": ref("Api")}).outputs["Api"]
    made = Desk(sandbox, clients, api_id, tmp_path)
    made.add_function()
    yield made
    lab.clean_up()


@pytest.mark.parametrize(
    ("after", "killed"),
    [(False, [*CALLER_OPERATIONS]), (True, [ADD, "rotate caller"])],
    ids=["before a call", "after a call"],
)
def test_a_caller_has_one_key_or_none_whenever_a_worker_is_killed(
    desk: Desk, *, after: bool, killed: list[str]
) -> None:
    """After a call, only where something is written into the row before the next one."""
    expected, _ = desk.run(CALLER_OPERATIONS, None)
    rows = [world["rows"] for world in expected]
    assert rows == [[("ready", 100_000)], *[[("ready", QUOTA)]] * 2, []]
    for world in expected[:-1]:
        assert {name: world[name] for name in ONE} == ONE
    assert expected[-1] == NONE | {"functions": 1}
    swept: set[str] = set()
    for call in itertools.count(1):
        assert call < CALLS_MAX
        found, survived = desk.run(CALLER_OPERATIONS, Kill(call, after=after), killed)
        assert found == expected, f"killed at call {call}"
        swept |= survived
        if swept == {*killed}:
            return


def test_a_function_is_deleted_with_its_callers_whenever_a_worker_is_killed(desk: Desk) -> None:
    for call, after in itertools.product(DELETING, (False, True)):
        desk.run([ADD], None)
        found, survived = desk.run([DELETE], Kill(1, after, frozenset({call})))
        assert (found, survived) == ([NONE | {"functions": 0}], set())
        desk.add_function()
