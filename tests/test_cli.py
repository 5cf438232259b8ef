"""The `egret` command says in a sentence what is wrong, not in a traceback."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, select

from tests.dashboard import free_port
from tests.databases import environment_of, prepare
from tests.postgresql import sqlite_alone
from webapp.cli import main
from webapp.db import temporary_engine
from webapp.models import AccessToken, Role, User
from webapp.settings import Settings

Command = Callable[..., "Ended"]


def serve(data_dir: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "webapp", "serve"],
        env=os.environ | {"EGRET_CLOUD": "aws", "EGRET_DATA_DIR": str(data_dir)} | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_port_in_use_is_reported_before_anything_is_changed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = serve(tmp_path, EGRET_PORT=port)
    assert ended.returncode == 1
    assert f"port {port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Egret is at" not in ended.stdout
    assert not list(tmp_path.iterdir())


def test_a_real_account_is_used_only_when_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    ended = serve(tmp_path, EGRET_CLOUD="sandbox", EGRET_PORT=str(free_port()))
    assert ended.returncode == 1
    assert "Set EGRET_CLOUD=aws" in ended.stderr
    assert not list(tmp_path.iterdir())


def test_a_setting_that_is_not_valid_is_named(tmp_path: Path) -> None:
    ended = serve(tmp_path, EGRET_PORT="many")
    assert ended.returncode == 1
    assert "egret: invalid setting: set EGRET_PORT to another value: Input should" in ended.stderr
    assert "Traceback" not in ended.stderr


@dataclass(frozen=True)
class Ended:
    code: object
    stdout: str
    stderr: str


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command in this process, on a data folder and a database of the test."""
    prepare(settings)
    for setting, text in environment_of(settings).items():
        monkeypatch.setenv(setting, text)

    def run(*arguments: str, **environment: str) -> Ended:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return Ended(ended.value.code, *capsys.readouterr())

    return run


def test_making_a_user_twice_is_an_error_of_one_line(command: Command) -> None:
    ada = ("users", "create", "--name", "ada", "--password", "correct horse battery")
    assert command(*ada).code == 0
    again = command(*ada)
    assert (again.code, again.stderr.count("\n")) == (1, 1)
    assert again.stderr.startswith("egret: There is already a user named ada.")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--role", "owner"], "There is no role 'owner'"),
        (["--scope", "x"], "There is no scope 'x'"),
    ],
)
def test_a_token_of_an_unknown_role_or_scope_is_not_made(
    command: Command, options: list[str], problem: str
) -> None:
    refused = command("tokens", "create", "--name", "ci", *options)
    assert (refused.code, refused.stderr.count("\n"), refused.stdout) == (1, 1, "")
    assert problem in refused.stderr


def test_people_and_tokens_have_the_role_and_the_scopes_that_were_asked_for(
    command: Command, settings: Settings
) -> None:
    eve = ("--name", "eve", "--password", "correct horse battery", "--role", "viewer")
    assert command("users", "create", *eve).code == 0
    scopes = ("--scope", "networks", "--scope", "keys")
    assert command("tokens", "create", "--name", "ci", "--role", "operator", *scopes).code == 0
    with (
        temporary_engine(settings.database) as engine,
        Session(engine) as session,
    ):
        assert session.exec(select(User.role)).all() == [Role.VIEWER]
        (token,) = session.exec(select(AccessToken)).all()
    assert (token.role, token.scopes) == (Role.OPERATOR, ["keys", "networks"])


def test_who_is_invited_gets_a_link_to_the_dashboard(command: Command) -> None:
    invited = command("users", "invite", "--name", "bob", EGRET_PUBLIC_URL="https://egret.example")
    assert invited.code == 0
    assert invited.stdout.startswith("https://egret.example/choose-password?token=egret_")
    assert command("users", "invite", "--name", "bob").code == 1


def test_who_has_lost_a_second_factor_can_be_helped_without_an_admin(
    command: Command, settings: Settings
) -> None:
    command("users", "create", "--name", "ada", "--password", "correct horse battery")
    with temporary_engine(settings.database) as engine:
        with Session(engine) as session:
            session.exec(select(User)).one().has_second_factor = True
            session.commit()
        done = command("users", "reset-second-factor", "ada")
        assert done.stdout == "ada can sign in with the password alone now.\n"
        with Session(engine) as session:
            assert not session.exec(select(User)).one().has_second_factor
    assert command("users", "reset-second-factor", "eve").code == 1


def test_tokens_are_listed_and_revoked_by_name_or_id(command: Command) -> None:
    token = command("tokens", "create", "--name", "ci", "--role", "viewer", "--days", "0").stdout
    command("tokens", "create", "--name", "deploy", "--scope", "functions")
    first, second = command("tokens", "list").stdout.splitlines()
    assert "ci  viewer  all  never expires  never used" in first
    assert "deploy  admin  functions  expires" in second
    assert token.strip() not in first
    assert command("tokens", "revoke", "ci").stdout == "ci was revoked.\n"
    assert command("tokens", "revoke", second.split()[0]).code == 0
    assert command("tokens", "list").stdout == ""


def test_a_database_that_cannot_be_reached_is_an_error_of_one_line(command: Command) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:9/none"
    failed = command(
        "users", "create", "--name", "ada", "--password", "x" * 10, EGRET_DATABASE_URL=url
    )
    assert (failed.code, failed.stderr.count("\n")) == (1, 1)
    assert "EGRET_DATABASE_URL" in failed.stderr
    assert "secret" not in failed.stderr


def one_line(done: Ended, said: str) -> None:
    assert (done.code, done.stderr.count("\n"), done.stdout) == (1, 1, "")
    assert done.stderr.startswith("egret: ")
    assert said in done.stderr


@sqlite_alone("PostgreSQL needs no folder")
def test_a_data_folder_that_cannot_be_made_is_an_error_of_one_line(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    one_line(command("migrate", EGRET_DATA_DIR=str(tmp_path / "file" / "data")), "EGRET_DATA_DIR")


@sqlite_alone("it is SQLite's file")
def test_a_file_that_is_no_database_is_an_error_of_one_line(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "egret.db").write_text("this is a text, and not a database " * 50)
    one_line(command("migrate"), "EGRET_DATA_DIR")


def test_a_schema_of_a_newer_version_is_an_error_of_one_line(
    command: Command, settings: Settings
) -> None:
    assert command("migrate").code == 0
    with temporary_engine(settings.database) as engine, engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '29990101'")
    one_line(command("migrate"), "29990101")


@pytest.mark.parametrize("name", ["", "\udcff"])
def test_a_name_that_cannot_be_shown_is_refused(command: Command, name: str) -> None:
    one_line(command("tokens", "create", "--name", name), "A token name has 1 to 64")


def test_the_policies_are_printed_for_an_account(command: Command) -> None:
    account = ("--account", "111122223333", "--prefix", "shop")
    printed = json.loads(command("policy", *account).stdout)
    assert list(printed) == ["dashboard", "cloudformation", "boundary"]
    assert "arn:aws:iam::111122223333:role/shop-*" in json.dumps(printed)
    alone = json.loads(command("policy", "dashboard", *account, "--service-role").stdout)
    assert alone["Version"] == "2012-10-17"
    assert "cloudformation-for-shop" in json.dumps(alone)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("everything",), "There is no policy 'everything'"),
        (("--account", "12"), "12 digits"),
        (("--partition", "aws-moon"), "aws-us-gov"),
        (("--prefix", "Shop!"), "2 to 16 lowercase letters"),
        (("--boundary", "egret-boundary"), "a policy's ARN"),
    ],
)
def test_a_policy_for_what_does_not_exist_is_refused(
    command: Command, arguments: tuple[str, ...], said: str
) -> None:
    one_line(command("policy", *arguments), said)


def json_line(done: "subprocess.CompletedProcess[str]", said: str) -> None:
    (line,) = (json.loads(line) for line in (done.stderr + done.stdout).splitlines())
    assert line["level"] == "CRITICAL"
    assert said in line["message"]


def test_what_keeps_the_dashboard_from_starting_is_a_line_of_its_log(tmp_path: Path) -> None:
    as_json = {"EGRET_LOG_FORMAT": "json"}
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        json_line(serve(tmp_path, EGRET_PORT=port, **as_json), "Address already in use")
    json_line(serve(tmp_path, EGRET_PORT="many", **as_json), "invalid setting")
    url = "postgresql://nobody:secret@127.0.0.1:9/none"
    unreachable = serve(tmp_path, EGRET_PORT=str(free_port()), EGRET_DATABASE_URL=url, **as_json)
    json_line(unreachable, "EGRET_DATABASE_URL")
    assert "secret" not in unreachable.stderr
