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
    "tests/outbound/",
    "tests/partners/",
    "tests/sandbox/",
    "tests/test_fast.py",
    "tests/test_house_rules.py",
    "tests/test_safe_code.py",
)
BUT = ("tests/aws/policy/test_proof.py", "tests/sandbox/test_info.py")
"""They use one."""
OWN = ("tests/deploy/", "tests/routes/test_on_postgresql.py", "tests/scale/")
"""Whatever the option says, they use the one that they are about."""
CHOOSING = ("database", "running_pair")
"""Fixtures by which a test says which database it uses, or that it uses either of them."""
SHARED = {"dashboard", "bare_app"}
"""Fixtures that may have been made for another test."""
SQLITE = b"SQLite format 3"
USED = "It uses a database, so it is to be run on PostgreSQL too: see ONCE in tests/twice.py."

_uses = [0]
_before = pytest.StashKey[int]()


def split(items: Iterable[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Those to run on PostgreSQL as well, and those whose one run is enough."""
    twice: list[pytest.Item] = []
    once: list[pytest.Item] = []
    for item in items:
        has_chosen = item.nodeid.startswith(OWN) or _chooses(item)
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
            assert not (folder and any(map(_is_sqlite, Path(folder).rglob("*.db")))), USED


def _is_once(item: pytest.Item) -> bool:
    return item.nodeid.startswith(ONCE) and not item.nodeid.startswith(BUT)


def _chooses(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    return bool(parameters and any(parameters.params.get(name) for name in CHOOSING))


def _is_sqlite(file: Path) -> bool:
    return file.read_bytes().startswith(SQLITE)


def _count() -> int:
    """How often this process has used a database, or started a dashboard."""
    return _uses[0] + len(dashboard.databases())


@event.listens_for(Pool, "checkout")
def _note_use(*_: object) -> None:
    _uses[0] += 1
