"""kill -9 right before every single call to AWS, of everything a caller does, and after the last.

Passes when the restarted worker ends where the uninterrupted one does: one key for each row, which
opens the endpoint, and none without a row. A key that was not shown is of no use, so the person
adds the caller again.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.databases import prepare, settings_of
from tests.faults.callers import CALLER_OPERATIONS, NAME, QUOTA, WITH_CALLERS, callers_world
from tests.faults.test_crashes import CALLS_MAX
from tests.faults.worker import Kill, Workshop
from tests.sandbox.lab import Lab, ref
from tests.sandbox.mock_api import mock_api
from tests.services.rows import a_function, a_key, a_network, add
from webapp.aws.clients import Clients
from webapp.db import temporary_engine
from webapp.models import Key, Network
from webapp.sandbox.launcher import REGION, Sandbox

ONE = {"functions": 1, "keys": [True], "answers": [200]}
NONE: dict[str, Any] = {"rows": [], "keys": [], "plans": [], "answers": []}
ADD, REVOKE, (DELETE,) = "add caller", "revoke caller", WITH_CALLERS


class Desk:
    """One dashboard with one function, whose callers come and go."""

    def __init__(self, sandbox: Sandbox, clients: Clients, api_id: str, folder: Path) -> None:
        self._clients, self._api_id = clients, api_id
        self._url = f"{sandbox.info.aws_endpoint}/_aws/execute-api/{api_id}/live/"
        self._workshop = Workshop(sandbox.info.aws_endpoint, REGION)
        self._settings = settings_of(folder, name_prefix="sweep-callers", regions=REGION)
        prepare(self._settings)

    def run(
        self, operations: Iterable[str], kills: Mapping[str, Kill]
    ) -> tuple[list[Any], set[str]]:
        """The world after each operation, and those during which nobody was killed."""
        worlds, survived = [], set()
        for operation in operations:
            if self._workshop.ended(self._settings, operation, kills.get(operation)):
                survived.add(operation)
            else:
                assert self._workshop.ended(self._settings, operation, None)
            with self._session() as session:
                found = callers_world(session, self._clients, self._settings, self._url)
            worlds.append(found)
        return worlds, survived

    def add_function(self) -> None:
        """A row that says where the endpoint is; no stack is behind it."""
        outputs = {"RestApiId": self._api_id, "StageName": "live"}
        with self._session() as session:
            network = session.exec(select(Network)).first() or a_network(region=REGION)
            key = session.exec(select(Key)).first() or a_key()
            function = a_function(network, key, NAME, outputs=outputs)
            add(session, network, key, function)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with temporary_engine(self._settings.database) as engine, Session(engine) as session:
            yield session


@pytest.fixture
def desk(sandbox: Sandbox, clients: Clients, tmp_path: Path) -> Iterator[Desk]:
    lab = Lab(clients, REGION)
    api_id = lab.deployed(mock_api(ApiKeyRequired=True), {"Api": ref("Api")}).outputs["Api"]
    made = Desk(sandbox, clients, api_id, tmp_path)
    made.add_function()
    yield made
    lab.clean_up()


def test_a_caller_has_one_key_or_none_whenever_a_worker_is_killed(desk: Desk) -> None:
    """Before each call; and after the last one of each operation, when the row is still to come."""
    expected, _ = desk.run(CALLER_OPERATIONS, {})
    rows = [world["rows"] for world in expected]
    assert rows == [[("ready", 100_000)], *[[("ready", QUOTA)]] * 2, []]
    for world in expected[:-1]:
        assert {name: world[name] for name in ONE} == ONE
    assert expected[-1] == NONE | {"functions": 1}
    calls: dict[str, int] = {}
    for call in range(1, CALLS_MAX):
        left = [name for name in CALLER_OPERATIONS if name not in calls]
        if not left:
            break
        needed = [ADD, REVOKE] if left == [REVOKE] else [*CALLER_OPERATIONS]
        found, survived = desk.run(needed, dict.fromkeys(left, Kill(call, after=False)))
        ends = [expected[0], expected[-1]] if left == [REVOKE] else expected
        assert found == ends, f"killed at call {call}"
        calls |= dict.fromkeys(survived & {*left}, call - 1)
    assert {*calls} == {*CALLER_OPERATIONS}
    assert all(calls.values()), "each of them makes a call, and dies of it"
    last = {name: Kill(number, after=True) for name, number in calls.items()}
    assert desk.run(CALLER_OPERATIONS, last) == (expected, set())


@pytest.mark.parametrize("call", ["DeleteApiKey", "DeleteUsagePlan"])
def test_a_function_is_deleted_with_its_callers_whenever_a_worker_is_killed(
    desk: Desk, call: str
) -> None:
    desk.run([ADD], {})
    found, survived = desk.run([DELETE], {DELETE: Kill(1, after=True, of=frozenset({call}))})
    assert (found, survived) == ([NONE | {"functions": 0}], set())
