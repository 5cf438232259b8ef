"""The settings page says what is set and from where, and no password."""

import pytest

from webapp.rendering.shown_settings import masked, shown
from webapp.settings import Settings


def test_each_setting_is_shown_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGRET_PORT", "8123")
    found = {each.variable: each for each in shown(Settings())}
    assert len(found) == len(Settings.model_fields)
    assert (found["EGRET_PORT"].value, found["EGRET_PORT"].is_set) == ("8123", True)
    assert (found["EGRET_LOG_FORMAT"].value, found["EGRET_LOG_FORMAT"].is_set) == ("text", False)


@pytest.mark.parametrize(
    "value",
    [
        "postgresql+psycopg://egret:s3cret@db/egret",
        "postgresql+psycopg://egret:s3/cr@s3cret@db/egret",
        "postgresql+psycopg://egret:it's a \"s3cret@db/egret",
        "postgresql+psycopg://db/egret?user=egret&password=s3cret",
        "postgresql+psycopg://db/egret?user=egret&password=it's, a s3cret",
        {"https://a.example": "http://sandbox:s3cret@127.0.0.1:1/x?pass=s3cret"},
    ],
)
def test_no_password_is_shown(value: object) -> None:
    text = masked(value)
    assert "s3cret" not in text
    assert "…" in text


def test_other_values_are_shown_as_they_are() -> None:
    assert masked("https://checkip.amazonaws.com,https://api.ipify.org") == (
        "https://checkip.amazonaws.com,https://api.ipify.org"
    )
    assert masked({"team": "a:b@c"}) == '{"team": "a:b@c"}'
    assert masked({}) == ""
