"""The `egret` command says in a sentence what is wrong, not in a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path


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
