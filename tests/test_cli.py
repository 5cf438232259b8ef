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
