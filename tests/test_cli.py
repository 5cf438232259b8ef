"""The `egret` command says in a sentence what is wrong, not in a traceback."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def serve(data_dir: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "webapp.cli", "serve"],
        env=os.environ | {"EGRET_DATA_DIR": str(data_dir)} | environment,
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


def test_a_setting_that_is_not_valid_is_named(tmp_path: Path) -> None:
    ended = serve(tmp_path, EGRET_PORT="many")
    assert ended.returncode == 1
    assert "egret: invalid setting: port" in ended.stderr
    assert "Traceback" not in ended.stderr


def command(
    data_dir: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "webapp.cli", *arguments],
        env=os.environ | {"EGRET_DATA_DIR": str(data_dir)} | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_making_a_user_twice_is_an_error_of_one_line(tmp_path: Path) -> None:
    ada = ("users", "create", "--name", "ada", "--password", "correct horse battery")
    assert command(tmp_path, *ada).returncode == 0
    again = command(tmp_path, *ada)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert again.stderr.startswith("egret: There is already a user named ada.")


def test_a_token_of_another_role_is_not_made(tmp_path: Path) -> None:
    refused = command(tmp_path, "tokens", "create", "--name", "ci", "--role", "viewer")
    assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (1, 1, "")
    assert "There is no role 'viewer'" in refused.stderr


def test_a_database_that_cannot_be_reached_is_an_error_of_one_line(tmp_path: Path) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:9/none"
    failed = command(
        tmp_path, "users", "create", "--name", "ada", "--password", "x" * 10, EGRET_DATABASE_URL=url
    )
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "EGRET_DATABASE_URL" in failed.stderr
    assert "secret" not in failed.stderr


def one_line(done: "subprocess.CompletedProcess[str]", said: str) -> None:
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (1, 1, "")
    assert done.stderr.startswith("egret: ")
    assert said in done.stderr


def test_a_data_folder_that_cannot_be_made_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one_line(command(tmp_path / "file" / "data", "migrate"), "EGRET_DATA_DIR")


def test_a_file_that_is_no_database_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "egret.db").write_text("this is a text, and not a database " * 50)
    one_line(command(tmp_path, "migrate"), "EGRET_DATA_DIR")


def test_a_schema_of_a_newer_version_is_an_error_of_one_line(tmp_path: Path) -> None:
    assert command(tmp_path, "migrate").returncode == 0
    with sqlite3.connect(tmp_path / "egret.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '29990101'")
    connection.close()
    one_line(command(tmp_path, "migrate"), "29990101")


@pytest.mark.parametrize("name", ["", b"\xff"])
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: Any) -> None:
    one_line(command(tmp_path, "tokens", "create", "--name", name), "A token name has 1 to 64")


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
    unreachable = serve(tmp_path, EGRET_PORT="0", EGRET_DATABASE_URL=url, **as_json)
    json_line(unreachable, "EGRET_DATABASE_URL")
    assert "secret" not in unreachable.stderr
