"""The sandbox's private folder: who may use it, and what is kept there beside the state.

Two locks guard it. `lock` belongs to the one parent: it says that a sandbox is running.
`children.lock` is inherited by the children: when a parent was killed it stays locked until the
last of them has saved and ended, and the next start waits for that, so that no two embedded AWSs
write one state and the ports are free again. Both vanish with their processes, however these end.
"""

import fcntl
import json
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from webapp.errors import Conflict

READERS_GONE_TIMEOUT_S = 0.5
CHILDREN_GONE_TIMEOUT_S = 15.0
LOCK_POLL_S = 0.05
LOG_MAX_BYTES = 5 * 1024 * 1024
LOG_KEPT_BYTES = 64 * 1024


class Folder:
    """Locked from `claim` to `leave`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._locks: list[IO[str]] = []

    @property
    def inherited_fd(self) -> int:
        """The lock that every child is given."""
        return self._locks[-1].fileno()

    def claim(self) -> None:
        """Raises Conflict while another sandbox has it, or its children will not end."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self._lock(
            "lock",
            READERS_GONE_TIMEOUT_S,
            f"A sandbox is running in {self.path} already.",
            "Stop it first, or set EGRET_DATA_DIR to another folder.",
        )
        self._lock(
            "children.lock",
            CHILDREN_GONE_TIMEOUT_S,
            f"Processes of an earlier sandbox in {self.path} have not ended yet.",
            "Wait a moment and start again; if it stays so, end them by hand.",
        )

    def leave(self) -> None:
        for lock in self._locks:
            lock.close()
        self._locks.clear()

    def ports(self, names: Iterable[str]) -> dict[str, int]:
        """The ports of the last start where they are free, else new ones."""
        kept = _json(self.path / "ports.json")
        probes = {name: _bound(kept.get(name, 0)) for name in names}
        ports: dict[str, int] = {name: probe.getsockname()[1] for name, probe in probes.items()}
        for probe in probes.values():
            probe.close()
        self.write("ports.json", json.dumps(ports))
        return ports

    def write(self, name: str, text: str) -> None:
        """For the owner alone, whole or not at all."""
        part = self.path / f"{name}.part"
        part.touch(mode=0o600)
        part.write_text(text)
        part.replace(self.path / name)

    def log(self, name: str) -> Path:
        return self.path / f"{name}.log"

    def shorten_log(self, name: str) -> None:
        """Keeps the end of a log that has grown too long; who appends to it may go on."""
        file = self.log(name)
        if not file.exists() or file.stat().st_size <= LOG_MAX_BYTES:
            return
        with file.open("rb+") as log:
            log.seek(-LOG_KEPT_BYTES, 2)
            end = log.read()
            log.seek(0)
            log.write(end)
            log.truncate()

    def _lock(self, name: str, timeout_s: float, busy: str, remedy: str) -> None:
        (self.path / name).touch(mode=0o600)
        lock = (self.path / name).open("w")
        until = time.monotonic() + timeout_s
        while not _try(lock, fcntl.LOCK_EX):
            if time.monotonic() > until:
                lock.close()
                self.leave()
                raise Conflict(busy, code="sandbox_running", remedy=remedy)
            time.sleep(LOCK_POLL_S)
        self._locks.append(lock)


def is_used(path: Path) -> bool:
    """True while a sandbox runs in the folder."""
    try:
        with (path / "lock").open() as lock:
            return not _try(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _try(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _bound(wanted: int) -> socket.socket:
    """Held by the caller until all are found, so that no two are the same."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", wanted))
    except OSError:
        probe.bind(("127.0.0.1", 0))
    return probe


def _json(file: Path) -> dict[str, int]:
    """What is kept there; nothing if it is unreadable, which costs no more than new ports."""
    try:
        found: dict[str, int] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found
