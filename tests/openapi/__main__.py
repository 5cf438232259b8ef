"""The API's description through two linters, each with its recommended rules.

    make lint        (python -m tests.openapi, once `npm ci` has been run here)

A warning counts as an error.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from webapp.main import create_app
from webapp.settings import Settings

HERE = Path(__file__).parent
PROGRAMS = HERE / "node_modules" / ".bin"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def main() -> int:
    with TemporaryDirectory() as folder:
        settings = Settings.model_construct(data_dir=Path(folder))
        description = Path(folder) / "openapi.json"
        description.write_text(json.dumps(create_app(settings).openapi(), indent=1))
        rules = f"{HERE}/spectral.yaml"
        spectral = _run("spectral", "lint", description, "-r", rules, "--fail-severity", "hint")
        redocly = _run("redocly", "lint", description, "--config", f"{HERE}/redocly.yaml")
        return max(spectral, redocly)


def _run(program: str, *arguments: str | Path) -> int:
    command = [PROGRAMS / program, *arguments]
    return subprocess.run(command, env=os.environ | QUIET, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
