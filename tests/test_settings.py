"""Settings: unsafe ones stop the start, and the README lists them all."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from webapp.settings import Settings

README = Path(__file__).parents[1] / "README.md"


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    text = README.read_text()
    for name, field in Settings.model_fields.items():
        row = next((line for line in text.splitlines() if f"`EGRET_{name.upper()}`" in line), "")
        assert field.description
        assert field.description in row, name
        if field.default not in ("", {}):
            assert f"`{field.default}`" in row, name


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"host": "0.0.0.0"}, "EGRET_PUBLIC_URL"),
        ({"public_url": "egret.example.com"}, "https://"),
        ({"regions": " , "}, "EGRET_REGIONS"),
        ({"regions": "eu-central-1,eu-west-1b"}, "EGRET_REGIONS: eu-west-1b is a zone"),
        ({"regions": "eu-cental-1"}, "did you mean eu-central-1"),
        ({"regions": "eu-west-1 us-east-1"}, "separate regions with commas"),
        ({"regions": "eu-central-1,cn-north-1"}, "EGRET_REGIONS: .* different partitions"),
        ({"name_prefix": "Egret!"}, "pattern"),
        ({"port": 70000}, "65535"),
        ({"database_url": "mysql://host/name"}, "postgresql://"),
        ({"database_url": "egret.db"}, "sqlite:///"),
        ({"tags": "team"}, "EGRET_TAGS to key=value"),
        ({"tags": "aws:team=x"}, "EGRET_TAGS. The tag aws:team is reserved"),
    ],
)
def test_an_unsafe_setting_stops_the_start_and_says_what_to_set(
    values: dict[str, object], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        Settings.model_validate(values)


def test_a_partners_origin_is_replaced_where_the_settings_say_so() -> None:
    settings = Settings(endpoints={"https://a.example": "http://127.0.0.1:1"})
    assert settings.origin("https://a.example") == "http://127.0.0.1:1"
    assert settings.origin("https://b.example") == "https://b.example"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_with_the_driver_that_is_installed(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://egret@db/egret")
    assert settings.database == "postgresql+psycopg://egret@db/egret"


@pytest.mark.parametrize("text", ["team=pay,env=x", '{"team": "pay", "env": "x"}'])
def test_tags_come_from_the_environment_in_two_forms(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("EGRET_TAGS", text)
    assert Settings().tags == {"team": "pay", "env": "x"}
