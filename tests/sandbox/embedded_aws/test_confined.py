"""Landlock, for whoever runs the tests: what is not named is closed to a process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from webapp.sandbox.embedded_aws import confined
from webapp.sandbox.embedded_aws.confinement import SYSTEM

pytestmark = pytest.mark.skipif(confined.version() <= 0, reason="this kernel has no Landlock")


def run(tmp_path: Path, command: list[str], trees: dict[str, Any] | None) -> str:
    """What the command says, confined to the trees."""
    order = {"command": command, "environment": {"A": "b"}, "trees": trees, "user": None}
    file = tmp_path / "order.json"
    file.write_text(json.dumps(order))
    with file.open() as opened:
        number = opened.fileno()
        begin = [sys.executable, "-I", "-S", confined.__file__, str(number)]
        ended = subprocess.run(
            begin, pass_fds=(number,), capture_output=True, text=True, check=False
        )
    return ended.stdout + ended.stderr


def test_only_what_is_named_can_be_read_and_written(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.write_text("secret")
    inside.mkdir()
    trees = {"readable": [*SYSTEM, str(tmp_path / "nowhere")], "writable": [str(inside)]}
    assert run(tmp_path, ["/bin/cat", str(outside)], None) == "secret"
    assert "Permission denied" in run(tmp_path, ["/bin/cat", str(outside)], trees)
    assert run(tmp_path, ["/bin/touch", str(inside / "made")], trees) == ""
    assert (inside / "made").exists()
    assert "Permission denied" in run(tmp_path, ["/bin/touch", str(tmp_path / "made")], trees)


def test_other_processes_are_closed_to_it_though_it_has_the_same_user(tmp_path: Path) -> None:
    trees = {"readable": [*SYSTEM], "writable": []}
    environ = ["/bin/sh", "-c", "cat /proc/$PPID/environ"]
    assert run(tmp_path, environ, trees).endswith("environ: Permission denied\n")


def test_the_environment_is_what_it_was_given(tmp_path: Path) -> None:
    assert run(tmp_path, ["/usr/bin/env"], None) == "A=b\n"
