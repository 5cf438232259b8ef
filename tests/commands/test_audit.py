"""`egret audit`: whether the audit trail is whole, and what is in it."""

import json
import socket

import pytest
from sqlmodel import Session

from tests.databases import environment_of
from tests.services.rows import a_network
from webapp.cli import main
from webapp.scope import Scope
from webapp.settings import Settings


@pytest.fixture(autouse=True)
def with_two_events(session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    for action in ("create", "park"):
        Scope(session, "command line").record(action, a_network())
    session.commit()


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(("audit", *arguments))
    return ended.value.code


def test_a_trail_that_is_whole_is_exported_with_its_head(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("export") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["action"] for line in lines] == ["create", "park"]
    assert lines[0]["client_address"] == socket.gethostname()
    assert run("verify", "--head", lines[0]["hash"]) == 0
    shown = capsys.readouterr().out
    assert "2 rows" in shown
    assert lines[-1]["hash"] in shown


def test_the_first_wrong_row_is_an_error_of_one_line(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    session.connection().exec_driver_sql("UPDATE audit_event SET actor = 'eve' WHERE id = 2")
    session.commit()
    assert run("verify") == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("egret: Row 2 of the audit trail was edited.")
    assert (shown.err.count("\n"), shown.out) == (1, "")


@pytest.mark.parametrize("head", ["0" * 63, "f" * 64])
def test_a_head_that_is_no_hash_or_of_no_row_is_an_error(
    head: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("verify", "--head", head) == 1
    assert capsys.readouterr().err.count("\n") == 1
