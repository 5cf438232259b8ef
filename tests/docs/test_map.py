"""The map is what `make map` writes, and it is complete."""

import pytest
from sqlmodel import SQLModel

from docs.make_map import MAP, map_text
from webapp.settings import Settings


@pytest.fixture(scope="module")
def made() -> str:
    return map_text()


def test_the_map_is_up_to_date(made: str) -> None:
    assert MAP.read_text(encoding="utf-8") == made, "docs/map.md is out of date: run `make map`"


def test_every_table_and_setting_has_its_modules(made: str) -> None:
    lines = made.splitlines()
    for name in [*SQLModel.metadata.tables, *(f"EGRET_{f.upper()}" for f in Settings.model_fields)]:
        (line,) = [line for line in lines if line.startswith(f"| `{name}` |")]
        assert "`webapp." in line, name


def test_the_map_is_the_same_whatever_the_environment_says(
    made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRET_REGIONS", "eu-north-1")
    monkeypatch.setenv("EGRET_DATABASE_URL", "mysql://elsewhere")
    assert map_text() == made
