"""What `--database=postgresql` leaves out uses no database, or fails."""

import os
from pathlib import Path

import pytest

from tests.fast import thorough
from tests.twice import ONCE, OWN, Guard

pytestmark = thorough("pytest runs inside it")

TESTS = """
import sqlite3

from sqlalchemy import create_engine

def test_without(tmp_path): (tmp_path / "a.db").write_text("of something else")

def test_here(): create_engine("sqlite://").connect().close()

def test_in_another_process(tmp_path):
    made = sqlite3.connect(tmp_path / "a.db")
    made.execute("CREATE TABLE a (b)")
    made.close()
"""


@pytest.mark.parametrize(("folder", "failing"), [(ONCE[0], 2), ("tests/services/", 0)])
def test_a_test_with_a_database_fails_where_none_may_be(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: str,
    failing: int,
) -> None:
    class Guarded:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(Guard())

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    file = tmp_path / folder / "test_of_a_run.py"
    file.parent.mkdir(parents=True)
    file.write_text(TESTS)
    options = [
        f"--basetemp={tmp_path}/base",
        "-c",
        os.devnull,
        f"--rootdir={tmp_path}",
        "--import-mode=importlib",
        "-pno:cacheprovider",
    ]
    assert pytest.main([str(file), *options], plugins=[Guarded()]) == bool(failing)
    out = capsys.readouterr().out
    assert "3 passed" in out
    assert (f"{failing} errors" in out) is bool(failing)


def test_what_is_left_out_is_there() -> None:
    root = Path(__file__).parents[1]
    assert not [name for name in (*ONCE, *OWN) if not (root / name).exists()]
