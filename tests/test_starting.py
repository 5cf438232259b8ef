"""What keeps Egret from starting is one sentence, which says what to do."""

import logging
import re
import socket

import psycopg
import pytest
from sqlalchemy import make_url

from tests.postgresql import PostgreSql
from webapp.errors import Unavailable
from webapp.settings import Settings
from webapp.starting import bring_up_to_date, listen, told, warn


def said(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EGRET_DATABASE_URL", database_url)
    with pytest.raises(Unavailable) as refused:
        bring_up_to_date(Settings())
    return told(refused.value)


def test_a_database_that_refuses_is_one_sentence(
    postgresql: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(postgresql.new_database())
    closed = make_url(postgresql.new_database())
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("CREATE ROLE weak LOGIN PASSWORD 'secret-word'")
        only_read = f"ALTER DATABASE {closed.database} SET default_transaction_read_only = on"
        connection.execute(only_read.encode())
    weak = url.set(username="weak", password="secret-word")
    missing = url.set(database="no_such_database")
    down = url.set(host="127.0.0.1", port=9, query={}, password="secret-word")
    for changed, word in (
        (weak, "permission denied"),
        (missing, "no_such_database"),
        (closed, "read-only"),
        (down, "port 9 failed"),
    ):
        text = said(changed.render_as_string(hide_password=False), monkeypatch)
        assert text.startswith("the database cannot be used: ")
        assert re.search(r"\w\W?[.] Check EGRET_DATABASE_URL[.]$", text)
        assert word in text
        assert text.isprintable()
        assert "secret-word" not in text


def test_an_address_or_port_that_cannot_be_had_says_which_of_the_two_to_change() -> None:
    public = "https://egret.example.com"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for settings, remedy in (
            (Settings(port=port), "set EGRET_PORT"),
            (Settings(host="203.0.113.9", public_url=public), "Set EGRET_HOST"),
            (Settings(host="no.such.name.invalid", public_url=public), "Set EGRET_HOST"),
        ):
            with pytest.raises(Unavailable, match="cannot listen on") as refused:
                listen(settings)
            assert remedy in refused.value.remedy
            assert "(" not in refused.value.detail


def test_a_public_address_without_a_trusted_proxy_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    public = "https://egret.example.com"
    warn(Settings(public_url=public, trusted_proxies="10.0.0.1"))
    warn(Settings())
    assert not caplog.records
    warn(Settings(public_url=public))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "EGRET_TRUSTED_PROXIES" in caplog.text


def test_a_provider_that_gives_nobody_a_role_is_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = Settings(
        oidc_issuer="https://login.example.com",
        oidc_client_id="egret",
        oidc_client_secret="of-a-test",
        public_url="https://egret.example.com",
        trusted_proxies="10.0.0.1",
    )
    warn(settings)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "EGRET_OIDC_ROLES is empty" in caplog.text
