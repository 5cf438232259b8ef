"""After a run: no uploaded secret is on disk, and none is in AWS without the row of its key.

All that tests leave is read once: databases with their logs, logs, downloads, folders of functions,
and after a whole run the repository's folder as well. A secret may be in two files only: in the
state of an embedded AWS, which is where Secrets Manager keeps it, and in a partner's own list of
the keys that it made. What was uploaded is known from those states; a partner's token is known by
its shape as well, and may have gone to an AWS that only a script plays.
"""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import tokens
from tests.conftest import is_whole_run

ROOT = Path(__file__).parents[1]
KEY = "canary"
TOKEN = re.compile(rb"eyJ[\w-]{10,400}\.[\w-]{40,8000}\.[\w-]{60,120}")
"""A signed JWT, long enough to be a key of the partner."""
SHORTEST = 12
"""Of other secrets; shorter ones are in files by chance."""
AWS_STATE = "state.json"
PARTNERS_KEYS = ("partner.json", "bank.json")
UNFINISHED = ".part"
"""While a file is written, and after a kill."""
NAME = re.compile(r"/key/[a-z][a-z0-9-]*-([0-9a-f]{12})$")
"""Of a key's secret; it ends with the id of the row."""
NOT_OURS = {".git", ".venv", "node_modules"}


@dataclass(frozen=True)
class Stored:
    """A secret in Secrets Manager, with the texts of all its versions."""

    name: str
    is_deleted: bool
    texts: tuple[str, ...]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SecretCanary(config))


class SecretCanary:
    """A pytest plugin. Each worker of xdist reads its own folder, the controller the repository."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._found: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """xdist, in the controller: a worker has ended."""
        self._found += getattr(node, "workeroutput", {}).get(KEY, ())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(self._config, "workeroutput", None)
        self._found += self._search(is_controller=output is None)
        if output is not None:
            output[KEY] = self._found
        elif self._found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._found:
            terminalreporter.section("secrets where none may be", red=True)
            for line in self._found:
                terminalreporter.line(line)

    def _search(self, *, is_controller: bool) -> list[str]:
        factory: Any = getattr(self._config, "_tmp_path_factory", None)
        folder = Path(factory.getbasetemp()) if factory else None
        has_workers = self._config.getoption("numprocesses", None)
        found = [] if folder is None or (is_controller and has_workers) else problems(folder)
        if is_controller and is_whole_run(self._config):
            found += [told(*each) for each in leaks(ROOT, ())]
        return found


def problems(folder: Path) -> list[str]:
    """What is wrong in the folder of a run, in words."""
    stored = [secret for file in states(folder) for secret in read(file)]
    others = {text for each in stored for text in each.texts if not text.startswith("eyJ")}
    opaque = sorted(text for text in others if len(text) >= SHORTEST)
    ids = ids_of_keys(folder) if stored else set()
    return [
        *(told(*each) for each in leaks(folder, opaque)),
        *(f"{name}: in Secrets Manager, but no row has it" for name in rowless(stored, ids)),
    ]


def leaks(folder: Path, opaque: list[str] | tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Each file with a secret, and the first one in it. A file that is gone by now has none."""
    texts = [text.encode() for text in opaque]
    for file in files(folder):
        try:
            data = file.read_bytes()
        except OSError:
            continue
        match = TOKEN.search(data)
        found = match.group() if match else next((text for text in texts if text in data), b"")
        if found:
            yield file, found.decode()


def files(folder: Path) -> Iterator[Path]:
    """All but those that may have secrets, and what is no file, such as a socket."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in NOT_OURS]
        for name in names:
            file = Path(parent, name)
            if not may_have_secrets(file) and file.is_file():
                yield file


def may_have_secrets(file: Path) -> bool:
    name = file.name.removesuffix(UNFINISHED)
    return name in PARTNERS_KEYS or (name == AWS_STATE and file.parent.name == "aws")


def states(folder: Path) -> Iterator[Path]:
    """Of every embedded AWS below the folder."""
    return folder.rglob(f"aws/{AWS_STATE}")


def read(state: Path) -> Iterator[Stored]:
    """What Secrets Manager has there."""
    services = json.loads(state.read_text())
    for secret in services.get("secretsmanager", {}).get("secrets", {}).get("data", {}).values():
        texts = (version.get("SecretString") for version in secret["Versions"].values())
        yield Stored(secret["Name"], bool(secret["DeletedDate"]), tuple(t for t in texts if t))


def rowless(stored: list[Stored], ids: set[str]) -> Iterator[str]:
    """The names of secrets that Egret has made and lost. One that is deleted can be restored for
    some days, and has no row any more."""
    for secret in stored:
        named = NAME.search(secret.name)
        if named and not secret.is_deleted and named[1] not in ids:
            yield secret.name


def ids_of_keys(folder: Path) -> set[str]:
    """In all databases below the folder, and in those of this process's server."""
    from tests import postgresql

    found = {each for file in folder.rglob("egret.db") for each in key_ids(file)}
    return found | postgresql.key_ids()


def key_ids(database: Path) -> set[str]:
    """Of the keys in a database; none of one that a test has damaged."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return {row[0] for row in connection.execute("SELECT id FROM key")}
        except sqlite3.DatabaseError:
            return set()


def told(file: Path, secret: str) -> str:
    """Without the secret itself: this may be in the log of a build. Several tests make the same
    token; the last one is named."""
    test = tokens.minted.get(secret) or "not made by this process"
    return f"{file}: has a secret of {len(secret)} characters ({test})"
