"""Templates that all processes of a run of tests compile once: all of them take a second."""

import os
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from webapp.rendering.templating import environment

FOLDER = "EGRET_TESTS_TEMPLATES"
"""The variable that names the folder of this run, for its workers and what they start."""


def keep_in(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    os.environ[FOLDER] = str(folder)
    use()


def use() -> None:
    """Does nothing outside a run of tests, as in `python -m tests.lighthouse`."""
    if folder := os.environ.get(FOLDER):
        environment().bytecode_cache = FileSystemBytecodeCache(folder)
