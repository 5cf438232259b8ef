"""The sandbox's private folder: its locks, and the ports, credentials and logs kept in it.

Two locks guard it. `lock` belongs to the parent process and says that a sandbox is running.
`children.lock` is inherited by the children: after a parent was killed it stays locked until the
last child has saved its state and ended. The next start waits for that, so that two embedded AWSs
never write the same state, and the ports are free again. The kernel drops both locks when their
processes end, even by a kill.
"""

import fcntl
import json
import secrets
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from webapp.errors import Conflict, Unavailable
from webapp.sandbox.private_files import write_private

READERS_TIMEOUT_S = 0.5
"""`is_locked` takes the parent's lock for a moment, which must not fail a start."""
CHILDREN_TIMEOUT_S = 15.0
LOCK_POLL_S = 0.05
FREE_PORTS = range(20_000, 32_768)
"""Below those of outgoing connections, which could hold a port at the next start: see ip(7)."""
PORT_ATTEMPTS = 20
PORTS = "ports.json"
CREDENTIALS = "credentials.json"
KEY_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
KEY_ID_RANDOM_LETTERS = 16
SECRET_BYTES = 20
LOG_MAX_BYTES = 5 * 1024 * 1024
LOG_KEPT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Credentials:
    """What lets one in, in the form of AWS's: an access key id has 20 letters, a secret 40."""

    access_key_id: str
    secret: str = field(repr=False)


class Folder:
    """Locked from `lock` to `unlock`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._locks: list[IO[str]] = []

    @property
    def inherited_fd(self) -> int:
        """The file descriptor of the lock that every child inherits."""
        return self._locks[-1].fileno()

    def lock(self) -> None:
        """Raises Conflict if another sandbox runs here, or its children do not end in time."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self._take(
            "lock",
            READERS_TIMEOUT_S,
            f"A sandbox is already running in {self.path}.",
            "Stop it first, or set EGRET_DATA_DIR to another folder.",
        )
        self._take(
            "children.lock",
            CHILDREN_TIMEOUT_S,
            f"Processes of an earlier sandbox in {self.path} are still running.",
            "Wait a moment and start again. If they keep running, end them by hand.",
        )

    def unlock(self) -> None:
        for lock in self._locks:
            lock.close()
        self._locks.clear()

    def ports(self, names: Iterable[str]) -> dict[str, int]:
        """A port for each name: that of the last start if it is free, otherwise a new one."""
        last = _read_ports(self.path / PORTS)
        probes = {name: bind(last.get(name)) for name in names}
        ports: dict[str, int] = {name: probe.getsockname()[1] for name, probe in probes.items()}
        for probe in probes.values():
            probe.close()
        self.write(PORTS, json.dumps(ports))
        return ports

    def credentials(self) -> Credentials:
        """Those of the last start, so that profiles made from them stay right; random at first."""
        try:
            return Credentials(**json.loads((self.path / CREDENTIALS).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            letters = (secrets.choice(KEY_ID_LETTERS) for _ in range(KEY_ID_RANDOM_LETTERS))
            made = Credentials(f"AKIA{''.join(letters)}", secrets.token_hex(SECRET_BYTES))
            self.write(CREDENTIALS, json.dumps(asdict(made)))
            return made

    def write(self, name: str, text: str) -> None:
        write_private(self.path / name, text)

    def log(self, name: str) -> Path:
        return self.path / f"{name}.log"

    def shorten_log(self, name: str) -> None:
        """Keep the end of a log that is too long, in place: a child has it open to append."""
        file = self.log(name)
        if not file.exists() or file.stat().st_size <= LOG_MAX_BYTES:
            return
        with file.open("rb+") as log:
            log.seek(-LOG_KEPT_BYTES, 2)
            end = log.read()
            log.seek(0)
            log.write(end)
            log.truncate()

    def _take(self, name: str, timeout_s: float, busy: str, remedy: str) -> None:
        (self.path / name).touch(mode=0o600)
        lock = (self.path / name).open("w")
        until = time.monotonic() + timeout_s
        while not _try_lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > until:
                lock.close()
                self.unlock()
                raise Conflict(busy, code="sandbox_running", remedy=remedy)
            time.sleep(LOCK_POLL_S)
        self._locks.append(lock)


def is_locked(path: Path) -> bool:
    """Whether a sandbox is running in the folder."""
    try:
        with (path / "lock").open() as lock:
            return not _try_lock(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _try_lock(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def bind(wanted: int | None = None) -> socket.socket:
    """A socket on the wanted port, or on another free one if that is in use or none is wanted.

    The caller holds it until all ports are found, so that no two are the same. Raises Unavailable.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    others = secrets.SystemRandom().sample(FREE_PORTS, PORT_ATTEMPTS)
    for port in others if wanted is None else (wanted, *others):
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return probe
    probe.close()
    raise Unavailable(f"{PORT_ATTEMPTS} ports of 127.0.0.1 were in use.", remedy="Start again.")


def _read_ports(file: Path) -> dict[str, int]:
    """Empty if the file is missing or unreadable, because new ports do no harm."""
    try:
        ports: dict[str, int] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return ports
