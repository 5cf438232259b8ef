"""Rules that matter are programs: no patches in tests, no traces of a machine, small files."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_MAX = 320
PATCHES = re.compile(r"mock\.patch|monkeypatch\.setattr|\bMock\(")
MACHINES = re.compile(r"(?<!quotas)/(?:root|home|work)/|https?://[\w.]*(?:pypi|debian)\.org")


def files(*suffixes: str) -> list[Path]:
    """What belongs to the project, by git."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    paths = [ROOT / line for line in listed.splitlines()]
    return [path for path in paths if path.suffix in suffixes and path.exists()]


def test_no_test_patches_what_it_tests() -> None:
    own = Path(__file__)
    found = [p for p in files(".py") if p != own and PATCHES.search(p.read_text())]
    assert not found


def test_no_file_names_a_machine_or_a_registry() -> None:
    own = Path(__file__)
    suffixes = (".py", ".md", ".toml", ".lock", ".html", ".js", ".css", ".yaml", "")
    found = [p for p in files(*suffixes) if p != own and MACHINES.search(p.read_text())]
    assert not found


@pytest.mark.parametrize("folder", ["webapp", "lambda_templates"])
def test_files_stay_small_enough_to_read(folder: str) -> None:
    sources = [p for p in files(".py") if p.is_relative_to(ROOT / folder)]
    too_long = {p.name: n for p in sources if (n := len(p.read_text().splitlines())) > LINES_MAX}
    assert not too_long


def test_the_dashboards_own_policy_allows_no_action_of_all_and_reads_no_secret() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    policy = json.loads(text.partition("```json")[2].partition("```")[0])
    listed = [statement["Action"] for statement in policy["Statement"]]
    actions = [a for entry in listed for a in (entry if isinstance(entry, list) else [entry])]
    assert len(actions) > 80
    assert not [action for action in actions if "*" in action]
    assert "secretsmanager:GetSecretValue" not in actions
