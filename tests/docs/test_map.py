"""The map is what `make map` writes, and it is complete."""

from collections.abc import Iterator

import pytest
from sqlmodel import SQLModel

from docs.make_map import MAP, map_text
from tests.fast import thorough
from webapp.settings import Settings

pytestmark = thorough("all sources are read")


@pytest.fixture(scope="module")
def made() -> Iterator[str]:
    """Made where the environment says something else: the map must not depend on it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EGRET_REGIONS", "eu-north-1")
        environment.setenv("EGRET_DATABASE_URL", "mysql://elsewhere")
        yield map_text()


def test_the_map_is_up_to_date_whatever_the_environment_says(made: str) -> None:
    assert MAP.read_text(encoding="utf-8") == made, "docs/map.md is out of date: run `make map`"


def test_every_table_and_setting_has_its_modules(made: str) -> None:
    lines = made.splitlines()
    for name in [*SQLModel.metadata.tables, *(f"EGRET_{f.upper()}" for f in Settings.model_fields)]:
        (line,) = [line for line in lines if line.startswith(f"| `{name}` |")]
        assert "`webapp." in line or "`migrations`" in line, name
