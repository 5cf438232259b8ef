"""`--fast` finds by itself what starts a sandbox, a dashboard or another Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboard import Dashboard
from tests.fast import is_slow, split, thorough
from webapp.sandbox.launcher import Sandbox


def by_itself(folder: Path) -> Sandbox:
    return Sandbox.start(folder, pace_s=0, address_quota=1)


def by_a_helper(folder: Path) -> list[Sandbox]:
    return [by_itself(folder) for _ in range(2)]


def by_another_python() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def by_annotation(running: Dashboard) -> Dashboard:
    return by_annotation(running)


def test_what_starts_one_by_itself_or_by_a_helper_is_slow() -> None:
    assert is_slow(by_itself)
    assert is_slow(by_a_helper)
    assert is_slow(by_another_python)


def test_what_only_names_one_in_an_annotation_or_calls_itself_is_fast() -> None:
    assert not is_slow(by_annotation)


@thorough("it is a test of this mark")
def test_what_is_thorough_is_left_out(request: pytest.FixtureRequest) -> None:
    assert split([request.node]) == ([], [request.node])


@pytest.mark.parametrize("of", ["postgresql"])
def test_what_uses_postgresql_is_left_out(request: pytest.FixtureRequest, of: str) -> None:
    assert (of, split([request.node])) == ("postgresql", ([], [request.node]))
