"""What the documents about security say is so."""

import hashlib
import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
from sqlmodel import SQLModel

from webapp.models import User

ROOT = Path(__file__).parents[2]
LIMIT = re.compile(r"^\| .+ \| ([\d,.]+)( \w+)? \| `([\w.]+)` \|$", re.MULTILINE)
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)`")
ABOUT_SECRETS = re.compile("password|passphrase|token|secret|credential|api_key")
UNITS = {" KiB": 1024, " MiB": 1024 * 1024}
SAFEGUARDS = (ROOT / "docs" / "safeguards.md").read_text(encoding="utf-8")
LIMITS = LIMIT.findall(SAFEGUARDS)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit[2].rpartition(".")[2])
def test_each_limit_is_the_one_of_the_code(limit: tuple[str, str, str]) -> None:
    value, unit, name = limit
    assert float(value.replace(",", "")) * UNITS.get(unit, 1) == resolve_name(name)


def test_every_row_of_the_limits_is_checked() -> None:
    _, _, rest = SAFEGUARDS.partition("## Limits")
    rows = [line for line in rest.partition("## ")[0].splitlines() if line.startswith("| ")]
    assert len(LIMITS) == len(rows) - 1 > 10


def test_every_defence_names_tests_that_exist() -> None:
    _, _, table = (ROOT / "docs/threats.md").read_text(encoding="utf-8").partition("| | threat")
    rows = [line for line in table.splitlines()[2:] if line.startswith("| ")]
    assert len(rows) > 10
    for row in rows:
        named = NAMED_TEST.findall(row)
        assert named, row
        assert all((ROOT / name).exists() for name in named), row


def test_the_database_has_hashes_or_names_where_a_secret_would_be() -> None:
    assert User.metadata is SQLModel.metadata
    columns = [(c.name, t.name) for t in SQLModel.metadata.tables.values() for c in t.columns]
    about_secrets = [each for each in columns if ABOUT_SECRETS.search(each[0])]
    assert ("password_hash", "user") in about_secrets
    assert not [each for each in about_secrets if not each[0].endswith(("_hash", "_arn", "_id"))]


def test_every_hash_in_the_sources_is_in_the_inventory() -> None:
    sources = [*(ROOT / "webapp").rglob("*.py"), *(ROOT / "lambda_templates").rglob("*.py")]
    own = [path for path in sources if "sandbox" not in path.parts]
    used = {name for path in own for name in re.findall(r"\bhashlib\.(\w+)", path.read_text())}
    assert used & hashlib.algorithms_available == {"sha256"}
    assert "SHA-256" in SAFEGUARDS


def test_vulnerabilities_are_fixed_within_days_that_are_named() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert len(re.findall(r"\b\d+ days", text)) >= 5
    assert "private security advisory" in text
