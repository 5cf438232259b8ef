"""Which options a run has, and how its files are given to workers.

Tests run in workers, which import all that they need. The process that gives out files imports it
for a whole run alone, which it judges.
"""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

BROWSER_TESTS = "tests/e2e/"
NETWORKS_THAT_FAIL = (
    "tests/faults/test_answers_from_aws.py",
    "tests/faults/test_deletions_in_the_way.py",
    "tests/faults/test_missing_permissions.py",
    "tests/faults/test_stacks_that_fail.py",
)
SELECTING = ("fast", "keyword", "markexpr", "deselect", "lf", "stepwise", "collectonly")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="no sandbox, no dashboard, no browser")
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_alone(why): not with --database=postgresql")
    config.addinivalue_line("markers", "thorough(why): not with --fast")
    has_workers = config.getoption("dist") != "no" and not config.getoption("collectonly")
    needs_all = hasattr(config, "workerinput") or not has_workers
    if needs_all:
        config.pluginmanager.import_plugin("tests.fixtures")
    if needs_all or is_whole_run(config):
        config.pluginmanager.import_plugin("tests.coverage")
    config.pluginmanager.import_plugin("tests.secret_canary")


def is_whole_run(config: pytest.Config) -> bool:
    """No file was named, and no option leaves tests out, as that for another database does."""
    named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    if named or config.getoption("database", "sqlite") != "sqlite":
        return False
    return not any(config.getoption(name, None) for name in SELECTING)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More than the cores, unless fast: the slow ones wait, mostly for processes of their own."""
    return (os.cpu_count() or 1) + (0 if config.getoption("fast") else 3)


class OneWorkerPerFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """So do groups of files that share what is slow to set up: a dashboard, or a sandbox."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        for group in ((BROWSER_TESTS,), NETWORKS_THAT_FAIL):
            if scope.startswith(group):
                return group[0]
        return scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return OneWorkerPerFile(config, log)
