"""`egret users`, where only the provider signs people in."""

import pytest

from tests.databases import environment_of
from tests.oidc.server import LocalProvider
from webapp.cli import main
from webapp.settings import Settings


@pytest.fixture(autouse=True)
def only_provider(
    settings: Settings, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = {"EGRET_PASSWORD_SIGN_IN": "off", "EGRET_PUBLIC_URL": "http://127.0.0.1:8000"}
    own = environment_of(settings) | off
    for name, text in (provider.environment() | own).items():
        monkeypatch.setenv(name, text)


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(("users", *arguments))
    return ended.value.code


def test_a_link_leads_back_in_and_a_password_would_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("create", "--name", "ada", "--password", "correct horse battery") == 1
    assert "egret users invite" in capsys.readouterr().err
    assert run("invite", "--name", "ada", "--role", "admin") == 0
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8000/choose-password?token=")
