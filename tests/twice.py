"""Which tests `--database=postgresql` runs: what no database can change is tested once.

Without that option all tests run. Those that ONCE names are then left to it: no database is in
them. That is checked while they run: one that uses a database, or starts what does, fails. So a
test of a database that is new, in whatever folder, is run on both.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests import dashboard

ONCE = (
    "tests/aws/",
    "tests/bench/",
    "tests/docs/",
    "tests/image/",
    "tests/lambda_templates/",
    "tests/oidc/",
    "tests/outbound/",
    "tests/partners/",
    "tests/sandbox/",
    "tests/scale/",
    "tests/test_fast.py",
    "tests/test_house_rules.py",
    "tests/test_safe_code.py",
)
ON_POSTGRESQL = ("tests/deploy/", "tests/routes/test_on_postgresql.py")
"""Whatever the option says: they have a server of their own, or say which they use."""
CHOOSING = {"database", "running_pair"}
"""Fixtures by which a test says which database it uses, or that it uses either of them."""
SHARED = {"dashboard", "bare_app"}
"""Fixtures that may have been made for another test."""
SQLITE_FILE = "egret.db"
USED = (
    "It uses a database, so it is to be run on PostgreSQL too: put it in another folder, or take "
    "its folder out of ONCE in tests/twice.py."
)

_uses = [0]
_before = pytest.StashKey[int]()


def split(items: Iterable[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Those to run on PostgreSQL as well, and those whose one run is enough."""
    twice: list[pytest.Item] = []
    once: list[pytest.Item] = []
    for item in items:
        has_chosen = item.nodeid.startswith(ON_POSTGRESQL) or _chooses(item)
        (once if has_chosen or _is_once(item) else twice).append(item)
    return twice, once


class Guard:
    """A pytest plugin: a test that ONCE names fails if it uses a database."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        item.stash[_before] = _count()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        yield
        if _is_once(item):
            assert item.stash[_before] == _count(), USED
            assert not SHARED & set(getattr(item, "fixturenames", ())), USED
            assert not (folder and list(Path(folder).rglob(SQLITE_FILE))), USED


def _is_once(item: pytest.Item) -> bool:
    return item.nodeid.startswith(ONCE)


def _chooses(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    return bool(parameters and CHOOSING & parameters.params.keys())


def _count() -> int:
    """How often this process has used a database, or started a dashboard."""
    return _uses[0] + len(dashboard.databases())


@event.listens_for(Pool, "checkout")
def _note_use(*_: object) -> None:
    _uses[0] += 1
