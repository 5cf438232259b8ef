"""Runs commands of awscli in one process of its own, where nothing else has loaded botocore.

Standard input has a JSON list of [command, environment, by how many seconds the clock that dates
the signatures is wrong], standard output one of [code, out, err].
"""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from typing import Any

import botocore.auth
from awscli.botocore import auth  # type: ignore[import-untyped]  # it has no types
from awscli.clidriver import create_clidriver  # type: ignore[import-untyped]  # nor has this
from botocore.compat import get_current_datetime


def run(command: str, environment: dict[str, str], clock_off_s: float) -> tuple[int, str, str]:
    def now(*arguments: Any) -> Any:
        return get_current_datetime(*arguments) + timedelta(seconds=clock_off_s)

    signing: tuple[Any, ...] = (auth, botocore.auth)  # awscli brings one of its own
    for module in signing:
        module.get_current_datetime = now
    os.environ |= environment
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = create_clidriver().main([*command.split(), "--output", "json"])
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    json.dump([run(*each) for each in json.load(sys.stdin)], sys.stdout)
