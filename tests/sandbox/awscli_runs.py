"""Runs commands of awscli in one process of its own, where nothing else has loaded botocore.

Standard input has a JSON list of [command, environment], standard output one of [code, out, err].
"""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from awscli.clidriver import create_clidriver  # type: ignore[import-untyped]  # it has no types


def run(command: str, environment: dict[str, str]) -> tuple[int, str, str]:
    os.environ |= environment
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = create_clidriver().main([*command.split(), "--output", "json"])
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    json.dump([run(*each) for each in json.load(sys.stdin)], sys.stdout)
