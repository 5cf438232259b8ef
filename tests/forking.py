"""`egret serve` in a process that is forked from one which has imported all that it needs.

To import takes longer than the rest of a start, and a run of tests starts it thirty times. Where
the start itself is tested, it is a process of its own.
"""

import multiprocessing
import os
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.imported"])


class Forked:
    """As a `subprocess.Popen` of it would be. What it prints is appended to `log`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._process = FORKING.Process(target=_serve, args=(dict(environment), log), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout_s: float) -> int:
        self._process.join(timeout_s)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("egret serve", timeout_s)
        return code


def _serve(environment: dict[str, str], log: Path) -> None:
    with log.open("ab") as printed:
        for standard in (1, 2):
            os.dup2(printed.fileno(), standard)
    os.environ.clear()
    os.environ |= environment
    if environment.get("PYTHONWARNINGS") == "error":  # Python reads it when it starts
        warnings.simplefilter("error")
    from webapp import cli

    cli.main(["serve"])
