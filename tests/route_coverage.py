"""After a whole run: every route of the app has answered at least one request with success.

Only whole journeys can bring most routes to succeed (a change must be proposed before it can be
confirmed), so there is no table with one example per route. Instead the requests that any test
makes are counted: dashboards that tests start are processes of their own, and log each request.
That each route also *refuses* is tested directly, in `tests/routes/test_refusals.py`.

Requests to an app inside a test's process are not counted.
"""

import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.conftest import is_whole_run
from tests.dashboard import logs
from tests.routes.all_routes import Route, routes_of_the_product

LOGGED = re.compile(r"\b([A-Z]+) (/\S*) (\d{3}) \d+ ms$", re.M)
KEY = "succeeded"
LEADING_ON = {("GET", "/sign-in/callback")}
"""It answers 303 when it succeeds."""


class RouteCoverage:
    """A pytest plugin. The workers of xdist send what they saw to the controller, which judges."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._succeeded: set[tuple[str, str]] = set()
        self._missing: list[Route] = []

    def pytest_testnodedown(self, node: Any) -> None:
        """xdist, in the controller: a worker has ended."""
        self._succeeded |= {tuple(each) for each in getattr(node, "workeroutput", {}).get(KEY, ())}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for log in logs():
            self._succeeded |= successes(log)
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[KEY] = sorted(self._succeeded)
        elif session.exitstatus == pytest.ExitCode.OK and is_whole_run(self._config):
            self._missing = missing(self._succeeded, routes_of_the_product())
            if self._missing:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._missing:
            terminalreporter.section("routes that no test has seen succeed", red=True)
            for route in self._missing:
                terminalreporter.line(f"{route.method} {route.path}")


def successes(log: str) -> set[tuple[str, str]]:
    """Method and path of the requests that an access log shows as successful.

    A page that is read without signing in answers 303, to the sign-in page: for GET that is no
    success. Nor does 304 show that the page itself can be made.
    """
    return {
        (method, path)
        for method, path, status in LOGGED.findall(log)
        if status.startswith("2")
        or (status == "303" and (method == "POST" or (method, path) in LEADING_ON))
    }


def missing(succeeded: Iterable[tuple[str, str]], routes: list[Route]) -> list[Route]:
    """The routes to which none of the requests went."""
    answered = {
        next((route for route in routes if route.matches(*request)), None) for request in succeeded
    }
    return [route for route in routes if route not in answered]
