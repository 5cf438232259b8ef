"""After a whole run: every route that changes something has left a row in the audit trail.

The requests are those that `tests.route_coverage` counts. Each has an id, in the access log and in
the rows that it has left. A request may rightly leave none, such as the second of two that ask for
the same; that none of a route's requests has left one is a mistake.
"""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.conftest import is_whole_run
from tests.dashboard import databases
from tests.route_coverage import successes
from tests.routes.all_routes import Route, routes_of_the_product
from webapp.db import temporary_engine

ID = re.compile(r"\b[0-9a-f]{16}\b")
QUERY = "SELECT request_id FROM audit_event"
KEYS = ("left_a_row", "left_none")
ONLY_LOOKING = {
    Route("/api/v1/functions/{name}/change-preview", "POST"),
    Route("/functions/{name}/edit", "POST"),
    Route("/networks/preflight", "POST"),
}
"""They are POST for the size of what they are sent, and change nothing."""
LEADING_AWAY = {
    Route("/confirm-identity/provider", "POST"),
    Route("/sign-in/provider", "POST"),
}
"""To the provider: what comes back from there leaves a row."""
CHECKED_APART = {Route("/functions/{name}/template", "POST")}
"""No dashboard has an older template: see `tests/routes/test_function_changes.py`."""

Requests = set[tuple[str, str]]


class AuditCoverage:
    """A pytest plugin, which works as `RouteCoverage` does."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._seen: tuple[Requests, Requests] = (set(), set())
        self._silent: list[Route] = []

    def pytest_testnodedown(self, node: Any) -> None:
        """xdist, in the controller: a worker has ended."""
        for key, seen in zip(KEYS, self._seen, strict=True):
            seen.update(map(tuple, getattr(node, "workeroutput", {}).get(key, ())))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for log, database in databases().items():
            found = split(log.read_text(), ids(database))
            for seen, more in zip(self._seen, found, strict=True):
                seen.update(more)
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output |= {key: sorted(seen) for key, seen in zip(KEYS, self._seen, strict=True)}
        elif session.exitstatus == pytest.ExitCode.OK and is_whole_run(self._config):
            self._silent = silent(*self._seen, routes_of_the_product())
            if self._silent:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._silent:
            terminalreporter.section("routes that left nothing in the audit trail", red=True)
            for route in self._silent:
                terminalreporter.line(f"{route.method} {route.path}")


def ids(database: str) -> set[str]:
    """Of the requests that have left a row. One that is older than the table has none."""
    try:
        with temporary_engine(database) as engine, engine.connect() as connection:
            return set(connection.exec_driver_sql(QUERY).scalars())
    except SQLAlchemyError:  # a test's own damage
        return set()


def split(log: str, recorded: set[str]) -> tuple[Requests, Requests]:
    """Successful requests that have left a row, and those that have left none."""
    with_row, without = Requests(), Requests()
    for line in log.splitlines():
        is_silent = recorded.isdisjoint(ID.findall(line))
        (without if is_silent else with_row).update(successes(line))
    return with_row, without


def silent(with_row: Requests, without: Requests, routes: Iterable[Route]) -> list[Route]:
    """The routes that change something, were asked with success, and never left a row."""
    ordered = list(routes)

    def asked(requests: Requests) -> set[Route | None]:
        return {next((r for r in ordered if r.matches(*request)), None) for request in requests}

    never = asked(without) - asked(with_row) - ONLY_LOOKING - LEADING_AWAY - CHECKED_APART
    return [route for route in ordered if route in never and not route.reads]
